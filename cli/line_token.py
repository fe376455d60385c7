"""``main.py line token``: what the callers of the HTTP trigger show."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import say, settings_with, speaks_plainly
from filo_core.line.triggers.token import new_token
from workflows.settings.secret_store import LINE, SecretStore


@speaks_plainly
def token(
    new: Annotated[bool, typer.Option("--new", help="Make another one; the one before is of no use then.")] = False,
) -> None:
    """Print the token of the HTTP trigger; one is made and kept where there is none."""
    secrets = SecretStore(settings_with().home)
    if new or not secrets.get(LINE):
        secrets.set(LINE, new_token())
    say(secrets.get(LINE))
