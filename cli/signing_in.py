"""Signing in on the command line: the PIN comes from a prompt or from stdin, never from an argument."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from filo_core.types import Role
from storage.storage import Storage
from workflows.access import Access, AccessError

User = Annotated[str, typer.Option("--user", help="Who signs in; needed once there are users. The PIN is asked for.")]


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


def ask_pin(prompt: str) -> str:
    """A PIN: typed without being shown, or a line of stdin where that is no terminal."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


RoleOption = Annotated[Role, typer.Option(help="operator reviews, supervisor also signs off, admin manages users.")]
