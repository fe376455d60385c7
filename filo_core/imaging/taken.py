"""When a picture was taken, as far as it says so itself."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from PIL import Image

from filo_core.sessions import Taken, ToldBy
from filo_core.types import SourceImage

_EXIF_IFD, _ORIGINAL = 0x8769, 0x9003
_JPEG = b"\xff\xd8\xff"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""What lies before was set by a camera whose clock was never set."""


def taken_at(image: SourceImage) -> Taken:
    """When a picture was taken: by its camera, its EXIF data, else its file; the clock on the wall here.

    EXIF is asked for in JPEG files only, whose header holds it; whatever is wrong with it, the file's date stands in.
    """
    if image.frame_id is not None:
        return Taken(image.captured_at, ToldBy.CAMERA)
    said = _exif(image.encoded) if image.encoded.startswith(_JPEG) else None
    return Taken(image.captured_at, ToldBy.FILE) if said is None else Taken(said, ToldBy.PICTURE)


def _exif(encoded: bytes) -> datetime | None:
    try:
        with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as opened:
            written = str(opened.getexif().get_ifd(_EXIF_IFD).get(_ORIGINAL, ""))
        # EXIF has no time zone: it is the clock of whoever took it, taken to be that of this place.
        said = datetime.strptime(written.strip(), "%Y:%m:%d %H:%M:%S").astimezone()
    except Exception:  # noqa: BLE001 a header of any shape must not keep a picture from being used
        return None
    return said.astimezone(UTC) if _EARLIEST <= said <= datetime.now(UTC) + timedelta(days=1) else None
