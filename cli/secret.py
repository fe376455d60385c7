"""``main.py secret``: keys and passwords for other services, in the keyring or an encrypted file."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signing_in import ask_pin, managing
from workflows.people.changing import change_secret
from workflows.settings.secret_store import DATABASE, SecretStore

app = typer.Typer(
    help="Keys and passwords: llm, line, database, plant, camera:rtsp://USER@HOST, output:mqtts://USER@HOST.",
    no_args_is_help=True,
)
Secret = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="llm, line, database, plant, camera:rtsp://USER@HOST or output:mqtts://USER@HOST."
    ),
]


@app.command("set")
@speaks_plainly
def set_secret(name: Secret, user: User = "", database: Database = "") -> None:
    """Keep a secret; it is asked for, or read from stdin, and never an argument."""
    settings = settings_with(database=database)
    if name == DATABASE:
        # The record cannot be opened, and nobody asked who they are, before its own password is there.
        value = ask_pin(f"Secret {name}: ")
        address = SecretStore(settings.home).filled(settings.database, DATABASE, value)
        with managing(settings_with(database=address), user) as (access, _):
            place = change_secret(access, settings.home, name, value)
    else:
        with managing(settings, user) as (access, _):
            place = change_secret(access, settings.home, name, ask_pin(f"Secret {name}: "))
    where = "the keyring" if place == "keyring" else "an encrypted file, as there is no keyring here"
    say(f"{name} is kept in {where}.")


@app.command("list")
@speaks_plainly
def list_secrets(as_json: AsJson = False) -> None:
    """List the names of the secrets and where they are kept, never what they are."""
    store = SecretStore(settings_with().home)
    names = store.names()
    if as_json:
        print_json({"secrets": {name: store.place(name) for name in names}})
        return
    for name in names:
        say(f"{name}: {store.place(name)}")
    if not names:
        say("No secret is kept. Keep one with: main.py secret set llm")


@app.command()
@speaks_plainly
def remove(name: Secret, user: User = "", database: Database = "") -> None:
    """Forget a secret."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        change_secret(access, settings.home, name, "")
    say(f"{name} was removed.")
