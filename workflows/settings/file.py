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
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from filo_core.errors import SettingsError
from filo_core.identifying import tidy_field
from filo_core.identity import FIELDS, OWN_FIELDS
from filo_core.whole_files import write_private
from workflows.settings.output_address import Output
from workflows.settings.secret_store import DATABASE, LLM, PLANT, SecretStore

SETTINGS_FILE = "settings.json"
_PREFIX = "FILO_"
_KEY = "llm_api_key"
_ADDRESSES = {"source_value": "", "database": DATABASE, "plant_database": PLANT}
"""Settings that may hold a password, and what it is called in the secret store; empty for a camera's."""


def words_of(words: object) -> object:
    """Several words with commas between them, as they are typed or stand in a variable; what is a list stays one."""
    return tuple(filter(None, map(str.strip, words.split(",")))) if isinstance(words, str) else words


LONGEST_KEEP_DAYS = 36_500
KeepDays = Annotated[int | None, Field(ge=1, le=LONGEST_KEEP_DAYS)]
ImageQuotaGb = Annotated[float | None, Field(ge=0.0, allow_inf_nan=False)]


def own_fields_of(names: object) -> tuple[str, ...]:
    """What the customer calls the fields of their own, in their order, checked.

    Raises:
        ValueError: if there are more than there is room for, or two mean the same.
    """
    given = words_of(names)
    if not isinstance(given, tuple | list):
        raise ValueError("it is no list of names")
    own = tuple(tidy_field("name of a field", name) for name in given)
    if len(own) > len(OWN_FIELDS):
        raise ValueError(f"there is room for {len(OWN_FIELDS)} fields of your own")
    if len({name.casefold() for name in (*own, *FIELDS)}) < len(own) + len(FIELDS):
        raise ValueError("two fields have the same name")
    return own


OwnFields = Annotated[tuple[str, ...], BeforeValidator(own_fields_of)]
SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S = 0.2, 60.0
DeadlineS = Annotated[float, Field(ge=SHORTEST_DEADLINE_S, le=LONGEST_DEADLINE_S, allow_inf_nan=False)]
StoredDeadlineS = Annotated[float | None, Field(ge=SHORTEST_DEADLINE_S, le=LONGEST_DEADLINE_S, allow_inf_nan=False)]


class StoredSettings(BaseModel):
    """What the file may hold, and as which type; what is absent was never changed.

    What a newer version keeps there means nothing to this one, and stays.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    database: str | None = None
    profile: str | None = None
    device: str | None = None
    station: str | None = None
    keep_days: KeepDays = None
    image_quota_gb: ImageQuotaGb = None
    llm_base_url: str | None = None
    llm_model: str | None = None
    llm_api_key: str | None = None
    llm_timeout_s: float | None = None
    exports: str | None = None
    outputs: tuple[Output, ...] | None = None
    source_kind: str | None = None
    source_value: str | None = None
    plant_database: str | None = None
    trigger_kind: str | None = None
    trigger_place: str | None = None
    deadline_s: StoredDeadlineS = None
    line_hosts: tuple[str, ...] | None = None
    line_certificate: str | None = None
    line_certificate_key: str | None = None
    modbus_writers: tuple[str, ...] | None = None
    modbus_everywhere: bool | None = None
    clear_passwords: tuple[str, ...] | None = None
    genicam_producers: tuple[str, ...] | None = None
    identity_fields: OwnFields | None = None
    language: str | None = None
    theme: str | None = None
    font_scale: float | None = None

    @field_validator("line_hosts", "modbus_writers", "genicam_producers", "clear_passwords", mode="before")
    @classmethod
    def _are_words(cls, words: object) -> object:
        return words_of(words)


STORED = frozenset(StoredSettings.model_fields)


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
    if _KEY in changes and not wanted.llm_api_key and LLM in SecretStore(home).names():
        SecretStore(home).remove(LLM)
    _save(home, _emptied(home, wanted))


def _kept(home: Path) -> StoredSettings:
    """What the file holds, without the secrets that were in it."""
    stored = _load(home)
    emptied = _emptied(home, stored)
    if emptied != stored:
        _save(home, emptied)
    return emptied


def _load(home: Path) -> StoredSettings:
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
        what = f"{where} in {path}" if where else str(path)
        raise SettingsError(
            "{what} is not what it should be. Correct it, or delete the file to start afresh.", what=what
        ) from error


def _emptied(home: Path, stored: StoredSettings) -> StoredSettings:
    """The settings without the secrets in them, which are in the secret store by then."""
    store = SecretStore(home)
    if stored.llm_api_key and store.get(LLM) != stored.llm_api_key:
        store.set(LLM, stored.llm_api_key)
    addresses = {
        field: address and store.emptied(address, secret)
        for field, secret in _ADDRESSES.items()
        if (address := getattr(stored, field)) is not None
    }
    return stored.model_copy(update={_KEY: None, **addresses})


def _save(home: Path, wanted: StoredSettings) -> None:
    path = home / SETTINGS_FILE
    content = json.dumps(wanted.model_dump(exclude_none=True), indent=2, ensure_ascii=False)
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
