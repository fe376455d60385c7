"""An empty record takes the place of an older one: only after an admin said so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.types import Role
from storage.backup import head_of, people_of
from storage.engine import parse_url, shown, sqlite_file
from workflows.people.access import AccessError
from workflows.people.pins import matches, matches_nobody
from workflows.people.rights import free
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from storage.repositories.users import User
    from workflows.settings.settings import Settings


@free("asks an admin of the newest backup: the record that would be asked is gone")
def allow_beginning_anew(settings: Settings, reason: str, user: str, ask_pin: Callable[[], str]) -> str:
    """Let the next start begin an empty record; back comes who said so, which is among its first entries.

    The people of the lost record are those of its newest backup that has any. Where there is no such backup nobody can
    be asked, and whoever works on this account says so.

    Args:
        settings: name the record and its backups.
        reason: in the person's words.
        user: who says so.
        ask_pin: their PIN, asked for where there are people.

    Raises:
        AccessError: if the person is no admin of the lost record, or the PIN is wrong.
        FiloError: if no reason is given, or the record is there.
    """
    present = sqlite_file(parse_url(settings.database_url))
    if present is not None and present.exists() and head_of(present) is not None:
        raise FiloError("The record {present} is there and not empty: nothing begins anew.", present=present)
    if not reason.strip():
        raise FiloError("A record begins anew with a reason. Say what became of the one before.")
    who, asked = settings.operator, False
    if people := _people(settings):
        found = next((one for one in people if one.name.casefold() == user.strip().casefold()), None)
        who, asked = _checked(found, user, ask_pin()), True
    record, installation = shown(parse_url(settings.database_url)), Installation(settings.home)
    said = {"by": who, "reason": reason.strip(), "admin_asked": asked}
    installation.allow_anew(record, said | {"head_before": str(installation.noted(record) or "")})
    return who


def _people(settings: Settings) -> tuple[User, ...]:
    for backup in sorted(settings.backups.glob("filo-[0-9]*.sqlite"), reverse=True):
        if people := people_of(backup):
            return people
    return ()


def _checked(found: User | None, name: str, pin: str) -> str:
    is_admin = found is not None and not found.disabled and found.role is Role.ADMIN
    # Takes as long for a name that is nobody's.
    is_right = matches(found.pin_hash, pin) if found is not None and is_admin else matches_nobody(pin)
    if found is None or not is_right:
        who = name or "Nobody"
        raise AccessError("{who} may not let a record begin anew. Ask an admin of the lost one: --user NAME.", who=who)
    return found.name
