"""Signing in on the command line: the PIN comes from a prompt or from stdin, never from an argument."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from storage.storage import Storage
from workflows.keeping.opening import open_record
from workflows.people.access import Access, AccessError, access_of
from workflows.settings.settings import Settings


def signed_in(storage: Storage, user: str, settings: Settings) -> tuple[Access, str]:
    """Access with the user signed in where there are users, and the PIN for the decision that follows.

    Raises:
        AccessError: if there are users and none is named, or the PIN is wrong.
    """
    access = access_of(storage, settings)
    if not access.is_needed and not (user and access.has_directory):
        return access, ""
    if not user:
        raise AccessError("This record has users. Say who signs in with --user NAME.")
    pin = ask_pin(f"PIN or password of {user}: " if access.has_directory else f"PIN of {user}: ")
    access.sign_in(user, pin)
    return access, pin


@contextmanager
def managing(settings: Settings, user: str) -> Iterator[tuple[Access, str]]:
    """The record with the user signed in while the block runs, and the PIN for what needs it again.

    Raises:
        AccessError: as :func:`signed_in`.
    """
    with open_record(settings) as storage:
        access, pin = signed_in(storage, user, settings)
        try:
            yield access, pin
        finally:
            access.sign_out()


@contextmanager
def inspecting_as(storage: Storage, user: str, settings: Settings) -> Iterator[tuple[str, Access]]:
    """The name kept with the inspections of one command; inspecting needs nobody, so a user is only who was named.

    Raises:
        AccessError: if the PIN is wrong, or ``FILO_OPERATOR`` is a user's name and nobody signs in.
    """
    access = Access(storage, settings.station, operator=settings.operator)
    if not user:
        if "operator" in settings.model_fields_set:
            access.refuse_borrowed(settings.operator)
        yield access.operator(), access
        return
    access, _ = signed_in(storage, user, settings)
    try:
        # Told once: whoever began the command is behind all of it, however long it takes.
        yield access.operator(user), access
    finally:
        access.sign_out()


def ask_pin(prompt: str) -> str:
    """A PIN: typed without being shown, or a line of stdin where that is no terminal."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
