"""Writes the hashes of everything that ``constraints.txt`` pins: ``python -m tools.pins``.

``pyproject.toml`` says what is needed, ``constraints.txt`` which version of it. A new package, and all that it brings,
is pinned at its newest version; one that is pinned keeps its version until a person writes another one into its line.
The hashes are those of every file that the package index has of that version, for each system and each Python, so that
one file serves them all. What builds the program itself stands in ``constraints-build.txt`` as well: it has to be
installed before the rest. ``constraints-station.txt`` is the part of them that a station needs, without any extra.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS, BUILD, STATION = "constraints.txt", "constraints-build.txt", "constraints-station.txt"
OLDEST_PYTHON = "3.11"
BUILDERS = ("setuptools",)
"""What ``[build-system]`` requires, and packages that come as source."""

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
_HEADER = "# Written by: python -m tools.pins. To change a version, change it here and run that again.\n"


def pins_of(text: str) -> dict[str, str]:
    """Version of every package that a file of constraints pins, by its plain name."""
    return {plain_name(name): version for name, version in _PIN.findall(text)}


def plain_name(package: str) -> str:
    """A package's name as every index spells it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def blocks_of(text: str) -> dict[str, str]:
    """The lines of each package, its hashes included, by its plain name."""
    starts = [found.start() for found in _PIN.finditer(text)]
    blocks = (text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return {next(iter(pins_of(block))): block for block in blocks}


def write_pins(root: Path) -> Mapping[str, str]:
    """Write the three files below ``root``; back come the pins.

    Raises:
        subprocess.CalledProcessError: if the versions that are pinned do not fit together; nothing is written then.
    """
    kept = pins_of((root / CONSTRAINTS).read_text(encoding="utf-8"))
    found = _compiled(root, kept, ["--extra", "dev"])
    # The same versions: what is asked for is less.
    station = _compiled(root, pins_of(found), [])
    blocks = blocks_of(found)
    (root / CONSTRAINTS).write_text(_HEADER + "".join(blocks.values()), encoding="utf-8")
    (root / BUILD).write_text(_HEADER + "".join(blocks[name] for name in BUILDERS), encoding="utf-8")
    (root / STATION).write_text(_HEADER + "".join(blocks_of(station).values()), encoding="utf-8")
    return pins_of(found)


def _compiled(root: Path, kept: Mapping[str, str], extras: Sequence[str]) -> str:
    """What uv finds for the project with these extras, each package at the version that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions.txt"
        # Without their hashes, which are those of the version before where a person changed it.
        versions.write_text("".join(f"{name}=={version}\n" for name, version in kept.items()), encoding="utf-8")
        arguments = [*extras, "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
        quiet = ["--no-header", "--no-annotate", "--quiet", "--system-certs"]
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *arguments, *quiet, "-c", versions]
        return subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Write the files, and say what changed."""
    before = pins_of((ROOT / CONSTRAINTS).read_text(encoding="utf-8"))
    try:
        after = write_pins(ROOT)
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            print(f"{name}: {before.get(name, 'new')} → {after.get(name, 'needed no more')}")
    print(f"{len(after)} packages are pinned with their hashes.")


if __name__ == "__main__":
    main()
