"""The settings that a person has changed, as ``settings.json`` in the data folder.

Whatever a ``FILO_`` variable says wins over the file. The key of a language model goes to the secret store instead; the
file may hold a camera's address, so only its owner may read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from filo_core.errors import SettingsError
from workflows.secret_store import LLM, SecretStore

SETTINGS_FILE = "settings.json"
_PREFIX = "FILO_"
_KEY = "llm_api_key"


class StoredSettings(BaseModel):
    """What the file may hold, and as which type; what is absent was never changed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    profile: str | None = None
    device: str | None = None
    station: str | None = None
    keep_days: int | None = None
    image_quota_gb: float | None = None
    llm_base_url: str | None = None
    llm_model: str | None = None
    llm_api_key: str | None = None
    source_kind: str | None = None
    source_value: str | None = None
    trigger_kind: str | None = None
    trigger_place: str | None = None
    language: str | None = None
    theme: str | None = None
    font_scale: float | None = None


STORED = frozenset(StoredSettings.model_fields)


def read_settings_file(home: Path) -> dict[str, object]:
    """The settings stored below ``home``; none where there is no file.

    Raises:
        SettingsError: if the file is damaged or cannot be read.
    """
    path = home / SETTINGS_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or error}. Ask for permission to read it, or set FILO_HOME to "
            "another folder."
        ) from error
    try:
        stored = StoredSettings.model_validate_json(content)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        what = f"{where} in {path}" if where else str(path)
        raise SettingsError(
            f"{what} is not what it should be. Correct it, or delete the file to start afresh."
        ) from error
    found: dict[str, object] = stored.model_dump(exclude_none=True)
    store = SecretStore(home)
    # The key itself lies in the secret store; a file of an older program may still hold it.
    if LLM in store.names():
        found[_KEY] = store.get(LLM)
    return found


def write_settings_file(home: Path, changes: Mapping[str, object]) -> None:
    """Change some of the stored settings; the others stay. Whole or not at all, and for its owner's eyes only.

    Raises:
        SettingsError: if the file is damaged or cannot be written.
    """
    unknown = set(changes) - STORED
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is not kept in the settings file")
    path = home / SETTINGS_FILE
    wanted = StoredSettings.model_validate(read_settings_file(home) | dict(changes))
    _keep_secrets(home, wanted)
    content = wanted.model_dump(exclude_none=True, exclude={_KEY})
    temporary = path.with_suffix(".tmp")
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=2, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}. Free some space, or ask for permission to write it."
        ) from error


def _keep_secrets(home: Path, wanted: StoredSettings) -> None:
    store = SecretStore(home)
    if wanted.llm_api_key:
        if store.get(LLM) != wanted.llm_api_key:
            store.set(LLM, wanted.llm_api_key)
    elif LLM in store.names():
        store.remove(LLM)


def overridden_fields() -> frozenset[str]:
    """Stored settings that a ``FILO_`` variable decides just now."""
    set_now = {name.upper() for name in os.environ}
    return frozenset(name for name in STORED if f"{_PREFIX}{name.upper()}" in set_now)


def variable_of(field: str) -> str:
    """Name of the variable that decides ``field`` where it is set."""
    return f"{_PREFIX}{field.upper()}"
