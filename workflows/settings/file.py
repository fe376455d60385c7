"""The settings that a person has changed, as ``settings.json`` in the data folder.

Whatever a ``FILO_`` variable says wins over the file. The key of a language model and the passwords in the addresses of
cameras and of the plant go to the secret store instead; those that an older program or a person wrote into the file
go there when it is first read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode

from filo_core.errors import SettingsError
from filo_core.sentence import Sentence
from filo_core.whole_files import write_private
from workflows.settings.declared import Declared, declared
from workflows.settings.secret_store import LLM, SecretStore
from workflows.settings.setting_kinds import Setting

SETTINGS_FILE = "settings.json"
_PREFIX = "FILO_"
_KEY = "llm_api_key"
_ADDRESSES = {name: one.password for name, one in declared().items() if one.password is not None}
"""Settings that may hold a password, and what it is called in the secret store; empty for a camera's."""
STORED = frozenset(name for name, one in declared().items() if one.is_kept)


class _Stored(BaseModel):
    """What the file may hold, and as which type; what is absent was never changed.

    What a newer version keeps there means nothing to this one, and stays.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)


def _kept_as(field: FieldInfo) -> tuple[Any, None]:
    """The type of a setting in the file: its own, or absent; a secret is text until it is in the secret store."""
    if field.annotation is SecretStr:
        return str | None, None
    kind: Any = field.annotation
    rules = [rule for rule in field.metadata if not isinstance(rule, Setting) and rule is not NoDecode]
    return Annotated[(kind | None, *rules)] if rules else kind | None, None


_LINES: dict[str, Any] = {name: _kept_as(Declared.model_fields[name]) for name in sorted(STORED)}
StoredSettings: type[_Stored] = create_model("StoredSettings", __base__=_Stored, **_LINES)


def read_settings_file(home: Path) -> dict[str, object]:
    """The settings stored below ``home``; none where there is no file.

    Raises:
        SettingsError: if the file is damaged or cannot be read.
    """
    found = _kept(home).model_dump(exclude_none=True, include=set(STORED))
    store = SecretStore(home)
    if LLM in store.names():
        found[_KEY] = store.get(LLM)
    return found


def write_settings_file(home: Path, changes: Mapping[str, object]) -> None:
    """Change some of the stored settings; the others stay. Whole or not at all, and for its owner's eyes only.

    Raises:
        SettingsError: if the file is damaged, or it or a secret cannot be written.
    """
    unknown = set(changes) - STORED
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is not kept in the settings file")
    wanted = StoredSettings.model_validate(_kept(home).model_dump(exclude_none=True) | dict(changes))
    if _KEY in changes and not getattr(wanted, _KEY) and LLM in SecretStore(home).names():
        SecretStore(home).remove(LLM)
    _save(home, _emptied(home, wanted))


def _kept(home: Path) -> _Stored:
    """What the file holds, without the secrets that were in it."""
    stored = _load(home)
    emptied = _emptied(home, stored)
    if emptied != stored:
        _save(home, emptied)
    return emptied


def _load(home: Path) -> _Stored:
    path = home / SETTINGS_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return StoredSettings()
    except OSError as error:
        raise SettingsError(
            "{path} cannot be read: {strerror}. Ask for permission to read it, or set FILO_HOME to another folder.",
            path=path,
            strerror=error.strerror or error,
        ) from error
    try:
        return StoredSettings.model_validate_json(content)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        what = Sentence("{where} in {path}", where=where, path=path) if where else str(path)
        raise SettingsError(
            "{what} is not what it should be. Correct it, or delete the file to start afresh.", what=what
        ) from error


def _emptied(home: Path, stored: _Stored) -> _Stored:
    """The settings without the secrets in them, which are in the secret store by then."""
    store = SecretStore(home)
    key = getattr(stored, _KEY)
    if key and store.get(LLM) != key:
        store.set(LLM, key)
    addresses = {
        field: address and store.emptied(address, secret)
        for field, secret in _ADDRESSES.items()
        if (address := getattr(stored, field)) is not None
    }
    return stored.model_copy(update={_KEY: None, **addresses})


def _save(home: Path, wanted: _Stored) -> None:
    path = home / SETTINGS_FILE
    content = json.dumps(wanted.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False)
    try:
        home.mkdir(parents=True, exist_ok=True)
        write_private(path, content.encode())
    except OSError as error:
        raise SettingsError(
            "{path} cannot be written: {strerror}. Free some space, or ask for permission to write it.",
            path=path,
            strerror=error.strerror or error,
        ) from error


def overridden_fields() -> frozenset[str]:
    """Stored settings that a ``FILO_`` variable decides just now."""
    set_now = {name.upper() for name in os.environ}
    return frozenset(name for name in STORED if f"{_PREFIX}{name.upper()}" in set_now)


def variable_of(field: str) -> str:
    """Name of the variable that decides ``field`` where it is set."""
    return f"{_PREFIX}{field.upper()}"
