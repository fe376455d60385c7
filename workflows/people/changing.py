"""Settings and secrets changed by somebody who may: each change is in the audit chain, with the old and the new value.

Language, theme and the size of letters are everybody's, and Live keeps the trigger that it was started with; the rest
asks for a right. Secrets are told by their names only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

from filo_core.line.triggers.token import new_token
from filo_core.types import EventKind
from storage.roles import grant_program
from workflows.people.own_record import require_own_record
from workflows.people.rights import Right, asks
from workflows.settings.declared import declared
from workflows.settings.file import write_settings_file
from workflows.settings.output_address import Output
from workflows.settings.redaction import redact
from workflows.settings.secret_store import LINE, OUTPUT, SecretStore
from workflows.settings.setting_kinds import Whose

if TYPE_CHECKING:
    from workflows.people.access import Access
    from workflows.settings.settings import Settings

EVERYBODYS = frozenset(name for name, one in declared().items() if one.whose is Whose.EVERYBODYS)
"""Settings that ask for no right; an event tells of their change as well."""
CONNECTIONS = frozenset(name for name, one in declared().items() if one.whose is Whose.ADMINS)
"""Settings that say where the record is, where it goes, with which key, and what is loaded: for an admin."""
_SUBJECT = "settings"
_KEY = "llm_api_key"


def right_for(field: str) -> Right | None:
    """The right that a change of this setting asks for; None where it asks for none."""
    if field in EVERYBODYS:
        return None
    return Right.CONNECTIONS if field in CONNECTIONS else Right.SETTINGS


def right_for_secret(name: str) -> Right:
    """The right that a secret of this name asks for: those of outputs belong to the outputs."""
    return Right.SETTINGS if name.startswith(OUTPUT) else Right.CONNECTIONS


@asks(Right.SETTINGS, Right.CONNECTIONS)
def change_settings(access: Access, settings: Settings, changes: Mapping[str, object]) -> None:
    """Keep changed settings below the home of ``settings``; the file and its event are written together or not at all.

    Args:
        access: who is signed in, and the record that tells of it.
        settings: in force until now.
        changes: by name.

    Raises:
        AccessError: if there are users, and nobody is signed in who may change one of them.
        SettingsError: if the file is damaged, or it or a secret cannot be written.
        StorageError: if the record cannot be written.
    """
    if not changes:
        return
    require_own_record(access, settings.home)
    by = _allowed(access, (right_for(name) for name in changes))
    told = {name: _told(name, getattr(settings, name), value) for name, value in sorted(changes.items())}
    with access.storage.transaction() as transaction:
        access.note(transaction, EventKind.SETTINGS_CHANGED, by, _SUBJECT, {"changed": told})
        write_settings_file(settings.home, changes)


@asks(Right.SETTINGS)
def change_outputs(access: Access, home: Path, before: Sequence[Output], after: Sequence[Output]) -> None:
    """Keep changed outputs below ``home``, as :func:`change_settings` does."""
    require_own_record(access, home)
    by = access.require(Right.SETTINGS)
    with access.storage.transaction() as transaction:
        told = {"outputs": (_plain(list(before)), _plain(list(after)))}
        access.note(transaction, EventKind.SETTINGS_CHANGED, by, _SUBJECT, {"changed": told})
        write_settings_file(home, {"outputs": tuple(after)})


@asks(Right.SETTINGS)
def allow_outputs(access: Access, addresses: Sequence[str]) -> None:
    """Let one run deliver to these addresses rather than to those of the settings.

    Raises:
        AccessError: if there are users, and nobody is signed in who may change settings.
    """
    told = {"outputs of a run": (None, _plain(list(addresses)))}
    access.tell(Right.SETTINGS, EventKind.SETTINGS_CHANGED, _SUBJECT, {"changed": told})


@asks(Right.CONNECTIONS)
def grant_role(access: Access, database_url: str, role: str) -> None:
    """Let a role of the record's server work on it; see :func:`storage.roles.grant_program`.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        StorageError: if the record is a file, or the server refuses.
    """
    by = access.require(Right.CONNECTIONS)
    grant_program(database_url, role)
    with access.storage.transaction() as transaction:
        told = {"database role": (None, role)}
        access.note(transaction, EventKind.SETTINGS_CHANGED, by, _SUBJECT, {"changed": told})


@asks(Right.CONNECTIONS, Right.SETTINGS)
def change_secret(access: Access, home: Path, name: str, value: str) -> str:
    """Keep a secret, or with an empty value forget it; back comes where it is kept now, empty for nowhere.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        SettingsError: as :class:`~workflows.settings.secret_store.SecretStore`.
        StorageError: if the record cannot be written.
    """
    require_own_record(access, home)
    by = access.require(right_for_secret(name))
    store = SecretStore(home)
    was = "kept" if store.place(name) else "none"
    with access.storage.transaction() as transaction:
        detail = {"old": was, "new": "another" if value else "none"}
        access.note(transaction, EventKind.SECRET_CHANGED, by, name[:300], detail)
        if not value:
            store.remove(name)
            return ""
        return store.set(name, value)


@asks(Right.CONNECTIONS)
def line_token(access: Access, home: Path, new: str = "") -> str:
    """What the callers of the HTTP trigger show; one is kept where there is none, and ``new`` in place of another.

    Raises:
        AccessError: if there are users, and nobody is signed in who may know it.
        SettingsError: as :class:`~workflows.settings.secret_store.SecretStore`.
    """
    require_own_record(access, home)
    store = SecretStore(home)
    if new or not store.place(LINE):
        change_secret(access, home, LINE, new or new_token())
    else:
        access.tell(Right.CONNECTIONS, EventKind.SECRET_CHANGED, LINE, {"old": "kept", "new": "shown"})
    return store.get(LINE)


def _allowed(access: Access, rights: Iterable[Right | None]) -> str:
    """Who changes it, if they have every right that it takes; whoever is at work where it takes none."""
    wanted = sorted({right for right in rights if right is not None}, key=lambda right: right.name)
    names = [access.require(right) for right in wanted]
    return names[0] if names else access.operator()


def _told(name: str, old: object, new: object) -> tuple[object, object]:
    """The old and the new value as an event has them: never a secret."""
    if name == _KEY:
        return ("kept" if _plain(old) else "none", "another" if _plain(new) else "none")
    return _plain(old), _plain(new)


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return redact(value.get_secret_value())
    if isinstance(value, BaseModel):
        return redact(value.model_dump_json())
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Enum | Path):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
