"""What works by itself at night or in the background, and whether somebody who may has set it so.

A variable, or an editor on the settings file, sets a rule as well as the window does, and asks nobody. Once there are
users, images are removed and rows are forwarded only by what the audit chain says that a person has set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.engine import parse_url
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from storage.storage import Storage, Transaction
    from workflows.people.access import Access
    from workflows.settings.settings import Settings

_RULES = ("keep_days", "image_quota_gb")
_PLANT = "plant_database"


def untold_rules(storage: Storage, settings: Settings) -> str:
    """Why images must not be removed by the rules in force without a person, as a sentence; empty where they may."""
    with storage.reading() as transaction:
        if not transaction.users.any():
            return ""
        for name in _RULES:
            value = getattr(settings, name)
            if value is not None and value != _told(transaction, name):
                return Sentence(
                    "No images were removed: nobody who may has set {name} to {value:g}. Save it under "
                    "Settings, or confirm it with: main.py retention --confirm --user NAME",
                    name=name,
                    value=value,
                )
    return ""


@asks(Right.REMOVE_IMAGES)
def confirm_rules(access: Access, settings: Settings, operator: str = "", pin: str | None = None) -> None:
    """Let the nightly work remove images by the rules in force, however they were set.

    Raises:
        AccessError: if there are users, and nobody is signed in who may remove images, or the PIN is wrong.
    """
    with access.storage.reading() as transaction:
        told = {name: (_told(transaction, name), getattr(settings, name)) for name in _RULES}
    detail = {"changed": told, "why": "confirmed"}
    access.tell(Right.REMOVE_IMAGES, EventKind.SETTINGS_CHANGED, "settings", detail, operator, pin)


def untold_plant(storage: Storage, plant_url: str) -> str:
    """Why rows must not be forwarded to this address without a person, as a sentence; empty where they may."""
    address = _plain(plant_url)
    with storage.reading() as transaction:
        if not transaction.users.any() or address in _plants(transaction):
            return ""
    return Sentence(
        "Nothing is forwarded: nobody who may has named {address}. Save it under Settings, or let "
        "an admin begin: main.py forward --once --user NAME",
        address=address,
    )


@asks(Right.FORWARD)
def allow_plant(access: Access, plant_url: str, operator: str = "", pin: str | None = None) -> None:
    """Let rows be forwarded to this address from now on.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this, or the PIN is wrong.
    """
    access.tell(Right.FORWARD, EventKind.FORWARDING_ALLOWED, _plain(plant_url), {}, operator, pin)


def _told(transaction: Transaction, name: str) -> object:
    """The newest value of a setting that the chain tells of, None where it tells of none."""
    return next((new for _, new in _changes(transaction, name)), None)


def _plants(transaction: Transaction) -> set[str]:
    allowed = {event.subject for event in transaction.events.vouched(EventKind.FORWARDING_ALLOWED)}
    named = (str(new) for _, new in _changes(transaction, _PLANT) if new)
    return allowed | {_plain(address) for address in named}


def _changes(transaction: Transaction, name: str) -> Iterator[tuple[object, object]]:
    for event in transaction.events.vouched(EventKind.SETTINGS_CHANGED):
        changed: dict[str, Any] = json.loads(event.detail).get("changed", {})
        if name in changed:
            old, new = changed[name]
            yield old, new


def _plain(address: str) -> str:
    """An address without its password, in one spelling."""
    try:
        # URL.set takes None for "as it is".
        return parse_url(address)._replace(password=None).render_as_string()
    except StorageError:
        # Saved once and of no use, so nothing was ever forwarded to it.
        return ""
