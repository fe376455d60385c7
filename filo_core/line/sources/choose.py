"""A source's address, as it stands on a command line or in the settings, and the source it means."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.line.sources import genicam
from filo_core.line.sources.address import is_there
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.folder import FolderSource
from filo_core.line.sources.test_pattern import SCHEME, TestPattern, capture_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.line.sources.base import ImageSource


def source_at(
    address: str, *, seconds_per_image: float = 0.5, loop: bool = True, producers: Sequence[str] = ()
) -> ImageSource:
    """Source for a camera's number, a video file, a stream's URL, a folder, ``test://part`` or ``genicam://``.

    It is not started.

    Args:
        address: of it.
        seconds_per_image: of a folder.
        loop: play a folder or a video for ever.
        producers: GenTL producers that an admin allowed beside those that the system lists.

    Raises:
        SourceError: if the test camera cannot draw what it is asked for, or what GenICam cameras need is missing or
            not listed.
    """
    if address.startswith(f"{SCHEME}://"):
        TestPattern.of(address)
        return CameraSource(address, name="Test camera", process=capture_pattern)
    if address.startswith(f"{genicam.SCHEME}://"):
        genicam.GenicamAddress.of(address, producers)
        from filo_core.line.sources.genicam_process import capture_genicam

        return CameraSource(address, process=partial(capture_genicam, allowed=tuple(producers)), remedy=genicam.REMEDY)
    if is_there(address, Path.is_dir):
        return FolderSource(Path(address), seconds_per_image, loop)
    return CameraSource(address, loop=loop)
