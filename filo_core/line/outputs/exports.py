"""The folder of exports: what an output that was configured may write, and nothing beside it."""

from __future__ import annotations

from pathlib import Path

from filo_core.errors import SourceError
from filo_core.printable import printable_name


def file_below(folder: Path, place: str | Path) -> Path:
    """The file that a place names below the folder of exports; a relative one is meant from there.

    Raises:
        SourceError: if it is elsewhere, by its name or by a symbolic link.
    """
    path = folder / place
    try:
        allowed, meant = folder.resolve(), path.resolve()
        is_below = meant != allowed and meant.is_relative_to(allowed)
    except (OSError, RuntimeError, ValueError):
        # Links that lead round in a circle, or a name that can be none.
        is_below = False
    if ".." in Path(place).parts or not is_below:
        raise SourceError(
            "{place} is not below {folder}, the folder of exports. Name a file in it, such as "
            "verdicts.csv, or set FILO_EXPORTS to another folder.",
            place=printable_name(str(place)),
            folder=folder,
        )
    return path
