"""Good parts of another day or shift, and when pictures were taken. Words only; nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ToldBy(StrEnum):
    """What says when a picture was taken."""

    PICTURE = "the pictures"
    CAMERA = "the camera"
    FILE = "the dates of the files"
    RECORD = "when they were inspected"


@dataclass(frozen=True, slots=True)
class Taken:
    """When a picture was taken, and what says so."""

    at: datetime
    """UTC."""
    told_by: ToldBy


@dataclass(frozen=True, slots=True)
class SessionPart:
    """A good part that was shown as one of another day or shift: SHA-256 of its image, name, and its session's name."""

    image_hash: str
    name: str
    session: str
