"""Who may call the service: tokens with scopes. They are events of the audit chain, which holds a digest of each.

So none is made, widened or brought back unseen, every service on a shared record knows the same ones, and a token that
was revoked stays told. A token has 256 bits of chance, so that its digest gives nothing away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from filo_core.errors import SettingsError
from filo_core.types import EventKind
from storage.names import tidy_name
from workflows.people.own_record import require_own_record
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from pathlib import Path

    from storage.storage import Storage
    from workflows.people.access import Access

_PREFIX = "filo_"
_BYTES = 32
_MOST_TOLD = 100_000
"""Events of tokens that are read; far more than anybody makes."""
_READ_EVERY_S = 1.0


class Scope(StrEnum):
    """What a token is good for. Each says exactly what it lets through: ``operate`` alone does not read."""

    READ = "read"
    """Products, lines, verdicts, pictures, live events, metrics."""
    INSPECT = "inspect"
    """Have a picture judged, or the part at a line's camera."""
    OPERATE = "operate"
    """Start and stop a line, change its product."""


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """A token as the record knows it."""

    name: str
    scopes: frozenset[Scope]
    digest: str
    """SHA-256 in hexadecimal."""
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None


def token_digest(token: str) -> str:
    """What the record keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def service_tokens(storage: Storage) -> tuple[ServiceToken, ...]:
    """All that were ever made and that the chain vouches for, the oldest first; of a name the newest.

    Raises:
        StorageError: if the record cannot be read.
    """
    with storage.reading() as transaction:
        told = transaction.events.vouched(EventKind.SERVICE_TOKEN_CHANGED, _MOST_TOLD)
    found: dict[str, ServiceToken] = {}
    for event in reversed(told):
        detail = json.loads(event.detail)
        name = event.subject
        if detail.get("done") == "made":
            scopes = frozenset(Scope(one) for one in detail["scopes"] if one in set(Scope))
            found.pop(name, None)
            found[name] = ServiceToken(name, scopes, str(detail["digest"]), event.at, event.actor)
        elif name in found:
            kept = found[name]
            found[name] = ServiceToken(
                name, kept.scopes, kept.digest, kept.made_at, kept.made_by, kept.revoked_at or event.at
            )
    return tuple(found.values())


@asks(Right.CONNECTIONS)
def make_service_token(access: Access, home: Path, name: str, scopes: Iterable[Scope]) -> str:
    """A new token, told this once: the record keeps its digest.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        SettingsError: if a token of this name is good already, or it is good for nothing.
        ProductError: if the name is empty, too long, or holds a sign that cannot be seen.
    """
    require_own_record(access, home)
    name = tidy_name(name, "token's name")
    wanted = sorted(set(scopes))
    if not name:
        raise SettingsError("A token needs a name: that of the program that will show it.")
    if not wanted:
        raise SettingsError("A token needs a scope: read, inspect or operate.")
    by = access.require(Right.CONNECTIONS)
    if any(token.name == name and token.is_good for token in service_tokens(access.storage)):
        raise SettingsError("There is a token {name} already. Revoke it first, or choose another name.", name=name)
    token = _PREFIX + secrets.token_urlsafe(_BYTES)
    detail = {"done": "made", "scopes": [scope.value for scope in wanted], "digest": token_digest(token)}
    with access.storage.transaction() as transaction:
        access.note(transaction, EventKind.SERVICE_TOKEN_CHANGED, by, name, detail)
    return token


@asks(Right.CONNECTIONS)
def revoke_service_token(access: Access, home: Path, name: str) -> None:
    """A token opens nothing any more, within a second; a stream that it has open ends.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        SettingsError: if there is no good one of this name.
    """
    require_own_record(access, home)
    by = access.require(Right.CONNECTIONS)
    if not any(token.name == name and token.is_good for token in service_tokens(access.storage)):
        raise SettingsError("There is no token {name} that is good. See: main.py service token list", name=name)
    with access.storage.transaction() as transaction:
        access.note(transaction, EventKind.SERVICE_TOKEN_CHANGED, by, name, {"done": "revoked"})


class TokenBook:
    """The good tokens as of a second ago at most. Safe to use from several threads.

    Args:
        storage: the record.
        clock: in seconds.
    """

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._good: tuple[ServiceToken, ...] = ()

    def whose(self, authorization: str) -> ServiceToken | None:
        """The token in an ``Authorization`` header; None for a wrong one.

        Raises:
            StorageError: if the record cannot be read: then nobody is let in.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            return None
        digest, found = token_digest(given.strip()), None
        for token in self._tokens():
            # All of them, so that the time it takes says nothing.
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def is_good(self, token: ServiceToken) -> bool:
        """Whether it has not been revoked since.

        Raises:
            StorageError: if the record cannot be read.
        """
        return token in self._tokens()

    def _tokens(self) -> tuple[ServiceToken, ...]:
        with self._lock:
            now = self._clock()
            if now - self._read_at >= _READ_EVERY_S:
                self._good = tuple(token for token in service_tokens(self._storage) if token.is_good)
                self._read_at = now
            return self._good
