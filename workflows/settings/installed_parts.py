"""What the program is made of: its version, and the packages it stands on with their versions and licences."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from importlib import metadata

PACKAGE = "filo-inspector"
_NAME = re.compile(r"^[A-Za-z0-9_.-]+")
_TROVE = "License :: "
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


def installed_parts() -> tuple[InstalledPart, ...]:
    """Python, and every package that the program needs itself or through another one, by name; reads files."""
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
    named = expression or ", ".join(dict.fromkeys(troves)) or (said.get_all("License") or [""])[0].strip()
    # Some packages put the whole text there.
    first = named.splitlines()[0] if named else ""
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
