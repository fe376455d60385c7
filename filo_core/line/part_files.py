"""Files of a folder put together into parts: which view a file shows is told by what its name ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.imaging import name_below
from filo_core.line.watching.marks import Arrival

PictureFile = Path | Arrival
"""A file on its disk, or one that has just arrived with its bytes."""


@dataclass(frozen=True, slots=True)
class PartFiles:
    """The pictures of one part; a view may have none, or more than one by mistake."""

    name: str
    """Below the folder, without suffix and extension; the whole name of a file that shows no view."""
    views: Mapping[str, tuple[PictureFile, ...]] = field(default_factory=dict)
    """By the name of the view; empty for a file whose name ends in no suffix."""
    unknown: tuple[PictureFile, ...] = ()
    """That file."""
    waited_s: float = 0.0
    """How long a picture that is missing was waited for; 0 where all files there are were looked at."""

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Those of its files that have just arrived."""
        files = (*(file for files in self.views.values() for file in files), *self.unknown)
        return tuple(file for file in files if isinstance(file, Arrival))

    def after(self, waited_s: float) -> PartFiles:
        """The same, without what did not come in that time."""
        return replace(self, waited_s=waited_s)


def path_of(file: PictureFile) -> Path:
    """Where a file is, or was."""
    return file.path if isinstance(file, Arrival) else file


def parts_of(
    files: Sequence[PictureFile], suffixes: Mapping[str, str], root: Path, *, whole: bool = True
) -> tuple[PartFiles, ...]:
    """Files as parts, in the order of each part's first file.

    Args:
        files: pictures.
        suffixes: by the name of the view, what its files end in before the extension, such as ``_top``.
        root: folder that names are relative to.
        whole: whether they are all that there are, and some have to be of each view.

    Raises:
        FolderError: if a view has no suffix, or no file ends in it.
    """
    refuse_without_suffix(suffixes)
    found: dict[str, dict[str, list[PictureFile]]] = {}
    unknown: dict[str, PictureFile] = {}
    for file in files:
        path = path_of(file)
        view = view_of(path, suffixes)
        if not view:
            name = name_below(path, root)
            found[name], unknown[name] = {}, file
            continue
        part = name_below(path.with_name(path.stem[: len(path.stem) - len(suffixes[view])] or path.stem), root)
        found.setdefault(part, {}).setdefault(view, []).append(file)
    for view, suffix in suffixes.items():
        if whole and files and not any(view in views for views in found.values()):
            raise FolderError(
                "No picture in {name} ends in {suffix!r}, which tells the view {view}. Check the suffix, "
                "or choose another folder.",
                name=root.name,
                suffix=suffix,
                view=view,
            )
    return tuple(
        PartFiles(
            name,
            {view: tuple(paths) for view, paths in views.items()},
            (unknown[name],) if name in unknown and not views else (),
        )
        for name, views in found.items()
    )


def view_of(path: Path, suffixes: Mapping[str, str]) -> str:
    """Which view a file shows by its name, in any case of letters; empty where it ends in no suffix."""
    stem = path.stem.casefold()
    return next((view for view, suffix in suffixes.items() if stem.endswith(suffix.casefold())), "")


def refuse_without_suffix(suffixes: Mapping[str, str]) -> None:
    """Refuse to tell views by names where one has no suffix.

    Raises:
        FolderError: with the command that sets it.
    """
    without = [view for view, suffix in suffixes.items() if not suffix]
    if without:
        raise FolderError(
            "It is not known which files show the view {without}. Say what their names end in: "
            "main.py product views NAME --add {without} --suffix _{without}",
            without=without[0],
        )
