"""Why an image is refused, before its name is known."""

from __future__ import annotations

import struct
import zlib

from filo_core.sentence import Sentence

SAVE_AGAIN = Sentence("Save it as PNG or JPEG, then try again.")
COPY_AGAIN = Sentence("Copy or export it again from where it came from.")
SAVE_SMALLER = Sentence("Save a smaller version.")

# What readers of images let through when bytes are damaged; found by flipping and cutting bytes of every format.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)


class RefusalError(Exception):
    """Why an image is refused; becomes an :class:`UnreadableImageError` where its name is known."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def damaged(how: str = "") -> RefusalError:
    """It is not all there, or not as it was written; ``how`` says what was found."""
    return RefusalError(
        Sentence("is cut short or damaged{how}", how=Sentence(" ({how})", how=how) if how else ""), COPY_AGAIN
    )


def not_yet(kind: str, why: str, remedy: str = SAVE_AGAIN) -> RefusalError:
    """It may be whole, and this program does not read its kind: ``"TIFF"`` with ``"CIELab colours"``, say."""
    return RefusalError(Sentence("is a kind of {kind} that is not read yet: {why}", kind=kind, why=why), remedy)


def several(frames: int) -> RefusalError:
    """It holds more than one picture."""
    return RefusalError(
        Sentence("holds {frames} frames or pages, and it is not known which one is meant", frames=frames),
        Sentence("Save the one frame as PNG."),
    )
