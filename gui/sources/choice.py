"""What the operator can choose as a camera, and how it becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import SourceError
from workflows.settings.bound import refuse_clear
from workflows.settings.secret_store import SecretStore

if TYPE_CHECKING:
    from filo_core.line.sources.base import ImageSource
    from workflows.settings.settings import Settings


class SourceKind(StrEnum):
    """Kinds of sources, as the settings keep them."""

    CAMERA = "camera"
    FOLDER = "folder"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """A source as chosen. ``value`` is a camera's number, a folder, or an address, which may hold a password."""

    kind: SourceKind
    value: str = field(default="", repr=False)
    seconds_per_image: float = 1.0
    """Folders only."""


def usual_choice(settings: Settings) -> SourceChoice:
    """The source that the settings name."""
    return SourceChoice(SourceKind(settings.source_kind), settings.source_address)


def make_source(choice: SourceChoice, settings: Settings | None = None) -> ImageSource:
    """The source that was chosen, not started.

    Args:
        choice: what was chosen.
        settings: in force; those that are kept when not given.

    Raises:
        SourceError: if something is missing in the choice; the sentence says what.
    """
    value = choice.value.strip()
    if choice.kind is SourceKind.FOLDER:
        if not value:
            raise SourceError("No folder is chosen. Choose the folder to play as a camera.")
        from filo_core.line.sources.folder import FolderSource

        return FolderSource(Path(value), interval_s=choice.seconds_per_image)
    if not value:
        raise SourceError(
            "No camera is chosen. Plug one in and search again, or play a folder instead."
            if choice.kind is SourceKind.CAMERA
            else "No address is given. Type the address of a stream, or the path of a video file."
        )
    from filo_core.line.sources.camera import CameraSource
    from filo_core.line.sources.choose import source_at

    # A number means a camera here, even where a folder goes by it.
    if choice.kind is SourceKind.CAMERA:
        return CameraSource(int(value))
    from workflows.settings.settings import Settings

    settings = settings or Settings()
    SecretStore(settings.home).require_bound(value)
    refuse_clear(value, settings.clear_passwords)
    return source_at(value, producers=settings.genicam_producers)


def find_cameras() -> list[int]:
    """Numbers of the cameras that look present. Slow on some systems: not for the GUI thread."""
    from filo_core.line.sources.local_cameras import available_cameras

    return available_cameras()
