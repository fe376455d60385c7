"""What people type, before it becomes something else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from filo_core.types import Eyes, eyes_from


def path(typed: str | Path) -> Path:
    """A path that was typed: Python would take an empty one, of a variable that is not set, for the current folder.

    Raises:
        typer.BadParameter: if nothing was typed but blanks.
    """
    if not str(typed).strip():
        raise typer.BadParameter("The path is empty. Give one; the current folder is written as a full stop.")
    return Path(typed)


def place(typed: str) -> str:
    """A path or an address that was typed; a path as :func:`path` takes it.

    Raises:
        typer.BadParameter: if nothing was typed but blanks.
    """
    return typed if "://" in typed else str(path(typed))


@dataclass(frozen=True, slots=True)
class EyesWish:
    """How a product shall be looked at: these eyes, or those that a trial chooses."""

    eyes: Eyes | None
    tries: bool = False


def eyes(typed: str | EyesWish) -> EyesWish:
    """Eyes that were typed, such as ``fast`` or ``sharp 512+308``; ``auto`` is for a trial.

    Raises:
        typer.BadParameter: if they are none.
    """
    if isinstance(typed, EyesWish):
        return typed
    if typed.strip().lower() == "auto":
        return EyesWish(None, tries=True)
    try:
        return EyesWish(eyes_from(typed))
    except ValueError as error:
        raise typer.BadParameter(f"{error}, or auto.") from error
