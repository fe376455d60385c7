"""``main.py database``: a server's database, made ready by its owner for the role that the program works as."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import say, settings_with, speaks_plainly
from cli.options import Database, User
from cli.signing_in import managing
from workflows.people.changing import grant_role

app = typer.Typer(help="A server's database. FILO_DATABASE names its owner here.", no_args_is_help=True)


@app.callback()
def database() -> None:
    """A server's database, made ready by its owner."""


@app.command()
@speaks_plainly
def grant(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Role of the server that the program works as.")],
    user: User = "",
    database: Database = "",
) -> None:
    """As the owner: bring the schema up to date, and let ROLE read and add, but not change what is only ever added."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        grant_role(access, settings.database_url, role)
    say(f"{role} may work on {access.storage.where}: read and add, and change nothing that is only ever added.")
