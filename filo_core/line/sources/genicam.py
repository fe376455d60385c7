"""GenICam cameras (GigE Vision, USB3 Vision, …) through harvesters, which is an extra.

Address: ``genicam://CAMERA?cti=/path/to/producer.cti``. CAMERA is its serial number, its identifier or the name it
was given; without one the first camera is taken. Without ``cti`` the producers are looked for where the standard
says: in the folders of ``GENICAM_GENTL64_PATH``, which the camera maker's software sets.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from filo_core.errors import SourceError

SCHEME = "genicam"
REMEDY = "Check its power, cable and serial number, and that no other program uses it. It is tried again by itself."
_PRODUCERS = "GENICAM_GENTL64_PATH"


@dataclass(frozen=True, slots=True)
class GenicamAddress:
    """Which camera, and what finds it. ``camera`` is empty for the first one."""

    camera: str
    producers: tuple[Path, ...]

    @classmethod
    def of(cls, address: str) -> GenicamAddress:
        """What an address means on this machine.

        Raises:
            SourceError: if the extra is not installed, or there is no producer.
        """
        if find_spec("harvesters") is None:
            raise SourceError(
                "GenICam cameras need harvesters, which is not installed. Install it with: pip install harvesters"
            )
        parts = urlsplit(address)
        named = parse_qs(parts.query).get("cti", [])
        for path in named:
            if not Path(path).is_file():
                raise SourceError(f"{path} does not exist. Give the path of the camera maker's .cti file.")
        producers = tuple(Path(path) for path in named) or _installed_producers()
        if not producers:
            raise SourceError(
                "No GenTL producer was found for the GenICam camera. Install the camera maker's software, "
                f"or name its file: {SCHEME}://SERIAL?cti=/path/to/producer.cti"
            )
        return cls(unquote(parts.netloc + parts.path).strip("/"), producers)


def _installed_producers() -> tuple[Path, ...]:
    folders = [Path(folder) for folder in os.environ.get(_PRODUCERS, "").split(os.pathsep) if folder]
    return tuple(path for folder in folders for path in sorted(folder.glob("*.cti")))
