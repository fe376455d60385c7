"""GenICam cameras (GigE Vision, USB3 Vision, …) through harvesters, which is an extra.

Address: ``genicam://CAMERA?cti=/path/to/producer.cti``. CAMERA is its serial number, its identifier or the name it
was given; without one the first camera is taken. A producer is a program that is loaded, so an address only chooses
among those that the system lists: in the folders of ``GENICAM_GENTL64_PATH`` and ``GENICAM_GENTL32_PATH``, which the
camera maker's software sets, and those that an admin allowed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from filo_core.errors import SourceError
from filo_core.printable import printable_name
from filo_core.sentence import Sentence

SCHEME = "genicam"
REMEDY = Sentence(
    "Check its power, cable and serial number, and that no other program uses it. It is tried again by itself."
)
FOLDERS = ("GENICAM_GENTL64_PATH", "GENICAM_GENTL32_PATH")
"""Variables of the standard with folders of producers."""


@dataclass(frozen=True, slots=True)
class GenicamAddress:
    """Which camera, and what finds it. ``camera`` is empty for the first one."""

    camera: str
    producers: tuple[Path, ...]

    @classmethod
    def of(cls, address: str, allowed: Sequence[str] = ()) -> GenicamAddress:
        """What an address means on this machine.

        Args:
            address: as it was entered.
            allowed: producers that an admin allowed beside those in the system's folders.

        Raises:
            SourceError: if the extra is not installed, there is no producer, or one is named that is not listed.
        """
        if find_spec("harvesters") is None:
            raise SourceError(
                "GenICam cameras need harvesters, which is not installed. Install it with: pip install harvesters"
            )
        parts = urlsplit(address)
        listed = _listed_producers(allowed)
        named = parse_qs(parts.query).get("cti", [])
        producers = tuple(_chosen(path, listed) for path in named) or listed
        if not producers:
            raise SourceError(
                "No GenTL producer was found for the GenICam camera. Install the camera maker's software, "
                "which sets {folders}.",
                folders=FOLDERS[0],
            )
        return cls(unquote(parts.netloc + parts.path).strip("/"), producers)


def _listed_producers(allowed: Sequence[str]) -> tuple[Path, ...]:
    named = [folder for name in FOLDERS for folder in os.environ.get(name, "").split(os.pathsep) if folder]
    # A relative one would be wherever somebody happens to stand.
    folders = [folder for folder in map(Path, named) if folder.is_absolute()]
    found = [path for folder in folders for path in sorted(folder.glob("*.cti"))]
    return tuple(dict.fromkeys([*found, *(path for path in map(Path, allowed) if path.is_absolute())]))


def _chosen(named: str, listed: Sequence[Path]) -> Path:
    """The listed producer that an address names, however it is spelled."""
    if not Path(named).is_file():
        raise SourceError(
            "{named} does not exist. Give the path of the camera maker's .cti file.", named=printable_name(named)
        )
    wanted = Path(named).resolve()
    for path in listed:
        if path.resolve() == wanted:
            return path
    raise SourceError(
        "{named} is none of the GenTL producers of this machine, so it is not loaded. Install it "
        "in a folder of {folders}, or have an admin add it to genicam_producers in the settings.",
        named=printable_name(named),
        folders=FOLDERS[0],
    )
