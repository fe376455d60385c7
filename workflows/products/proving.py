"""Parts that are shown to a set-up from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.errors import FolderError
from filo_core.imaging import list_images, read_image
from workflows.products.golden import MOST_SHOWN

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.types import SourceImage


def read_parts(folder: Path | None) -> tuple[SourceImage, ...]:
    """The images of a folder; nothing where none is named.

    Raises:
        FolderError: if there is no such folder, no image in it, or more than a golden set takes.
        UnreadableImageError: if one of its images is of no use; the message names it.
    """
    if folder is None:
        return ()
    paths = list_images(folder).images
    if not paths:
        raise FolderError("{folder} holds no image. Give a folder with pictures of the parts.", folder=folder)
    if len(paths) > MOST_SHOWN:
        raise FolderError(
            "{folder} holds {count} images, more than the {most} that can be shown.",
            folder=folder,
            count=len(paths),
            most=MOST_SHOWN,
        )
    return tuple(read_image(path) for path in paths)
