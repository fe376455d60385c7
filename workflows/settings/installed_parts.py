"""What the program is made of: its version, and the packages it stands on with their versions and licences.

The installed program has a bill of materials, which knows the system's libraries and the weights in it besides.
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from filo_core.packaged import share

PACKAGE = "filo-inspector"
BILL = "sbom.cdx.json"
"""Name of the bill of materials (CycloneDX) in the installed program."""
LICENCES = "licences"
"""Name of the folder of licence texts beside it."""
_NAME = re.compile(r"^[A-Za-z0-9_.-]+")
_TROVE = "License :: "
_HEADING = "OSI Approved"
_SHORTER = {"Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0"}
"""By their names in SPDX; other headings do not say which version they mean."""
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class InstalledPart:
    """A package, as it is installed."""

    name: str
    version: str
    licence: str
    """As the package says it in short; empty where it does not."""


def program_version() -> str:
    """The version of this program; "source" where it runs without having been installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "source"


def bill_of_materials() -> Path | None:
    """The bill that the installed program brings; None where it runs from source."""
    path = share() / BILL
    return path if path.is_file() else None


def installed_parts() -> tuple[InstalledPart, ...]:
    """Python, and all that the program needs itself or through something else, by name; reads files."""
    bill = bill_of_materials()
    parts = () if bill is None else _listed_in(bill)
    # One that cannot be read: what Python's packages say of themselves is there all the same.
    return parts or _found_by_python()


def _listed_in(bill: Path) -> tuple[InstalledPart, ...]:
    try:
        components = json.loads(bill.read_bytes())["components"]
        parts = [InstalledPart(one["name"], one["version"], _licence_in(one)) for one in components]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(sorted(parts, key=lambda part: part.name.casefold()))


def _licence_in(component: dict[str, Any]) -> str:
    choices = component.get("licenses", ())
    said = (one.get("expression") or one["license"].get("id") or one["license"]["name"] for one in choices)
    return _short(", ".join(said))


def _found_by_python() -> tuple[InstalledPart, ...]:
    found: dict[str, InstalledPart] = {}
    waiting = [PACKAGE]
    while waiting:
        name = waiting.pop()
        if _key(name) in found:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            # Of another system, or of an extra that is not installed.
            continue
        found[_key(name)] = InstalledPart(one.metadata["Name"] or name, one.version, _licence(one.metadata))
        waiting.extend(match.group() for wish in one.requires or () if (match := _NAME.match(wish)))
    found.pop(_key(PACKAGE), None)
    python = InstalledPart("Python", platform.python_version(), "PSF-2.0")
    return (python, *sorted(found.values(), key=lambda part: part.name.casefold()))


def _licence(said: metadata.PackageMetadata) -> str:
    [expression] = said.get_all("License-Expression") or [""]
    troves = [line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier") or () if line.startswith(_TROVE)]
    # Some name the heading that their licence stands below as well, which says nothing.
    troves = [_SHORTER.get(trove, trove) for trove in troves if trove != _HEADING]
    named = expression or ", ".join(dict.fromkeys(troves)) or (said.get_all("License") or [""])[0].strip()
    # Some packages put the whole text there.
    return _short(named.splitlines()[0] if named else "")


def _short(first: str) -> str:
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
