"""``main.py user``: the people who may decide. PINs come from a prompt or from stdin, never from an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, RoleOption, User
from cli.signing_in import ask_pin, managing
from filo_core.types import Role
from workflows.keeping.opening import open_record
from workflows.people.access import Access
from workflows.people.users import Users

app = typer.Typer(help="Users, their roles and PINs. Nobody has to sign in until the first is created.")
Person = Annotated[str, typer.Argument(help="Name of the person.")]


@app.command()
@speaks_plainly
def add(name: Person, role: RoleOption = Role.OPERATOR, user: User = "", database: Database = "") -> None:
    """Create a user; the first one has to be an admin."""
    _manage(user, database, lambda users: users.add(name, role, ask_pin(f"New PIN of {name}: ")))
    say(f"{name} was created as {role.value}.")


@app.command("set-pin")
@speaks_plainly
def set_pin(name: Person, user: User = "", database: Database = "") -> None:
    """Give a user another PIN."""
    _manage(user, database, lambda users: users.set_pin(name, ask_pin(f"New PIN of {name}: ")))
    say(f"{name} has a new PIN.")


@app.command("set-role")
@speaks_plainly
def set_role(name: Person, role: RoleOption, user: User = "", database: Database = "") -> None:
    """Give a user another role."""
    _manage(user, database, lambda users: users.set_role(name, role))
    say(f"{name} is now {role.value}.")


@app.command()
@speaks_plainly
def disable(name: Person, user: User = "", database: Database = "") -> None:
    """Let a user sign in no more; what the person decided stays."""
    _manage(user, database, lambda users: users.disable(name))
    say(f"{name} can sign in no more.")


@app.command()
@speaks_plainly
def enable(name: Person, user: User = "", database: Database = "") -> None:
    """Let a disabled user sign in again."""
    _manage(user, database, lambda users: users.enable(name))
    say(f"{name} may sign in again.")


@app.command("list")
@speaks_plainly
def list_users(database: Database = "", as_json: AsJson = False) -> None:
    """List the users."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        people = Users(storage, Access(storage)).all()
    if as_json:
        print_json({"users": [{"name": one.name, "role": one.role.value, "disabled": one.disabled} for one in people]})
        return
    if not people:
        say("No user yet, so nobody has to sign in. Create an admin with: main.py user add NAME --role admin")
        return
    table = Table("User", "Role", "Can sign in")
    for one in people:
        add_row(table, one.name, one.role.value, "no" if one.disabled else "yes")
    console.print(table)


def _manage(user: str, database: str, change: Callable[[Users], object]) -> None:
    with managing(settings_with(database=database), user) as (access, _):
        change(Users(access.storage, access))
