"""Signing in on the command line: the PIN comes from a prompt or from stdin, never from an argument."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from storage.storage import Storage
from workflows.people.access import Access, AccessError
from workflows.settings.settings import Settings


def signed_in(storage: Storage, user: str, station: str = "") -> tuple[Access, str]:
    """Access with the user signed in where there are users, and the PIN for the decision that follows.

    Raises:
        AccessError: if there are users and none is named, or the PIN is wrong.
    """
    access = Access(storage, station)
    if not access.is_needed:
        return access, ""
    if not user:
        raise AccessError("This record has users. Say who signs in with --user NAME.")
    pin = ask_pin(f"PIN of {user}: ")
    access.sign_in(user, pin)
    return access, pin


@contextmanager
def inspecting_as(storage: Storage, user: str, settings: Settings) -> Iterator[str]:
    """The name kept with the inspections of one command; inspecting needs nobody, so a user is only who was named.

    Raises:
        AccessError: if the PIN is wrong.
    """
    if not user:
        yield settings.operator
        return
    access, _ = signed_in(storage, user, settings.station)
    try:
        # Told once: whoever began the command is behind all of it, however long it takes.
        yield access.operator(user)
    finally:
        access.sign_out()


def ask_pin(prompt: str) -> str:
    """A PIN: typed without being shown, or a line of stdin where that is no terminal."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
