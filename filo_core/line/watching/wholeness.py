"""Whether a file's bytes look as if they had been written to their end, without decoding them."""

from __future__ import annotations

import logging
import struct

from filo_core.errors import UnreadableImageError
from filo_core.imaging import decode_image

logger = logging.getLogger(__name__)

_ZEROS = bytes(256)
"""What was set aside and not written yet. No picture that is compressed holds so many in its second half."""
_TAIL = 4096
_RIFF_HEADER = 8
_BMP_HEADER = 6


def looks_whole(encoded: bytes) -> bool:
    """False for a file that is empty, cut short, or set aside in full and not filled yet.

    True says little: the file may be damaged in another way, which reading it finds.
    """
    if not encoded:
        return False
    ending = encoded[-_TAIL:]
    if encoded.startswith(b"\xff\xd8"):
        return b"\xff\xd9" in ending and _is_filled(encoded)
    if encoded.startswith(b"\x89PNG"):
        return b"IEND" in ending and _is_filled(encoded)
    if encoded.startswith(b"RIFF"):
        return len(encoded) >= _RIFF_HEADER + _number(encoded, 4) and _is_filled(encoded)
    if encoded.startswith(b"BM"):
        return len(encoded) >= max(_BMP_HEADER, _number(encoded, 2)) and any(ending)
    return any(ending) and _is_readable(encoded)


def _is_filled(encoded: bytes) -> bool:
    return _ZEROS not in memoryview(encoded)[len(encoded) // 2 :].tobytes()


def _number(encoded: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", encoded, at)[0]) if len(encoded) >= at + 4 else len(encoded) + 1


def _is_readable(encoded: bytes) -> bool:
    # Formats that say their end nowhere: TIFF keeps its directory anywhere, PNM has none.
    try:
        decode_image(encoded, "")
    except UnreadableImageError:
        return False
    except Exception:
        # What reading it leads to is for whoever judges it to say.
        logger.exception("a file that was watched for cannot be looked into")
    return True
