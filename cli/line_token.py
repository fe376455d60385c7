"""``main.py line token``: what the callers of the HTTP trigger show."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import say, settings_with, speaks_plainly
from cli.options import Database, User
from cli.signing_in import managing
from filo_core.line.triggers.token import new_token
from workflows.people.changing import line_token


@speaks_plainly
def token(
    new: Annotated[bool, typer.Option("--new", help="Make another one; the one before is of no use then.")] = False,
    user: User = "",
    database: Database = "",
) -> None:
    """Print the token of the HTTP trigger; one is made and kept where there is none."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        say(line_token(access, settings.home, new_token() if new else ""))
