"""Files of a folder put together into parts: which view a file shows is told by what its name ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.imaging import name_below


@dataclass(frozen=True, slots=True)
class PartFiles:
    """The pictures of one part; a view may have none, or more than one by mistake."""

    name: str
    """Below the folder, without suffix and extension; the whole name of a file that shows no view."""
    views: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """By the name of the view; empty for a file whose name ends in no suffix."""


def parts_of(files: Sequence[Path], suffixes: Mapping[str, str], root: Path) -> tuple[PartFiles, ...]:
    """Files as parts, in the order of each part's first file.

    Args:
        files: pictures.
        suffixes: by the name of the view, what its files end in before the extension, such as ``_top``.
        root: folder that names are relative to.

    Raises:
        FolderError: if a view has no suffix, or no file ends in it.
    """
    _refuse_without(suffixes)
    found: dict[str, dict[str, list[Path]]] = {}
    for path in files:
        name = name_below(path, root)
        view = view_of(path, suffixes)
        if not view:
            found[name] = {}
            continue
        part = name_below(path.with_name(path.stem[: len(path.stem) - len(suffixes[view])] or path.stem), root)
        found.setdefault(part, {}).setdefault(view, []).append(path)
    for view, suffix in suffixes.items():
        if files and not any(view in views for views in found.values()):
            raise FolderError(
                "No picture in {name} ends in {suffix!r}, which tells the view {view}. Check the suffix, "
                "or choose another folder.",
                name=root.name,
                suffix=suffix,
                view=view,
            )
    return tuple(
        PartFiles(name, {view: tuple(paths) for view, paths in views.items()}) for name, views in found.items()
    )


def view_of(path: Path, suffixes: Mapping[str, str]) -> str:
    """Which view a file shows by its name, in any case of letters; empty where it ends in no suffix."""
    stem = path.stem.casefold()
    return next((view for view, suffix in suffixes.items() if stem.endswith(suffix.casefold())), "")


def _refuse_without(suffixes: Mapping[str, str]) -> None:
    without = [view for view, suffix in suffixes.items() if not suffix]
    if without:
        raise FolderError(
            "It is not known which files show the view {without}. Say what their names end in: "
            "main.py product views NAME --add {without} --suffix _{without}",
            without=without[0],
        )
