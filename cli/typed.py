"""What people type, before it becomes something else."""

from __future__ import annotations

from pathlib import Path

import typer


def path(typed: str | Path) -> Path:
    """A path that was typed: Python would take an empty one, of a variable that is not set, for the current folder.

    Raises:
        typer.BadParameter: if nothing was typed but blanks.
    """
    if not str(typed).strip():
        raise typer.BadParameter("The path is empty. Give one; the current folder is written as a full stop.")
    return Path(typed)
