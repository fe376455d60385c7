"""The trunks that a profile names, in the order in which they are preferred for their slot."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from filo_core.errors import ProfileError
from filo_core.resources import resource_path
from filo_core.trunks.specs import TrunkSpec

TRUNKS_NAME = "trunks.json"


def read_trunks(folder: Path, file: str = TRUNKS_NAME) -> tuple[TrunkSpec, ...]:
    """Trunks of the profile in ``folder``.

    Raises:
        ProfileError: if the list is missing, damaged, or names a trunk twice.
    """
    path = folder / file
    try:
        specs = TypeAdapter(tuple[TrunkSpec, ...]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProfileError(
            "{path} cannot be read: {error}. Install the profile again.", path=path, error=error
        ) from error
    if len({spec.name for spec in specs}) < len(specs):
        raise ProfileError("{path} names a trunk twice. Install the profile again.", path=path)
    return specs


def shipped_trunks() -> tuple[TrunkSpec, ...]:
    """Trunks of the profile that ships with the program."""
    return read_trunks(resource_path("models", "compact"))
