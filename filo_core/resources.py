"""Files that ship with the program: models, the anomaly library, the demo product."""

from __future__ import annotations

from pathlib import Path

from filo_core.errors import FiloError

_ROOT = Path(__file__).resolve().parent.parent / "resources"


def resource_path(*parts: str) -> Path:
    """Path of a shipped file or folder.

    Raises:
        FiloError: if it is not there; the message names it.
    """
    path = _ROOT.joinpath(*parts)
    if not path.exists():
        raise FiloError("{path} is missing from this installation. Install the program again.", path=path)
    return path
