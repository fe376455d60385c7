"""``main.py service``: who may call the API, and which outputs its lines may deliver to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signing_in import managing
from workflows.keeping.opening import open_record
from workflows.serving.outputs_allowed import confirm_outputs
from workflows.serving.service_file import read_service_file, service_file
from workflows.serving.tokens import Scope, make_service_token, revoke_service_token, service_tokens

app = typer.Typer(help="Tokens and outputs of the service.", no_args_is_help=True)
token_app = typer.Typer(help="Who may call the API.", no_args_is_help=True)
app.add_typer(token_app, name="token")
_TokenName = Annotated[str, typer.Argument(help="The program that shows it.")]
_Lines = Annotated[
    Path | None, typer.Option(help="TOML file with the lines; else service.toml in FILO_HOME.", parser=typed.path)
]


@token_app.command()
@speaks_plainly
def make(
    name: _TokenName,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="read, inspect or operate; may be given several times.")
    ] = None,
    user: User = "",
    database: Database = "",
) -> None:
    """Make a token, and print it this once: the record keeps a digest of it."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        say(make_service_token(access, settings.home, name, scope or [Scope.READ]))


@token_app.command("list")
@speaks_plainly
def list_tokens(database: Database = "", as_json: AsJson = False) -> None:
    """Who has a token, for what, and which were revoked; never the token itself."""
    with open_record(settings_with(database=database)) as storage:
        found = service_tokens(storage)
    if as_json:
        print_json(
            {
                "tokens": [
                    {
                        "name": token.name,
                        "scopes": sorted(token.scopes),
                        "made_at": token.made_at.isoformat(),
                        "made_by": token.made_by,
                        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
                    }
                    for token in found
                ]
            }
        )
        return
    table = Table("name", "scopes", "made", "by", "revoked")
    for token in found:
        revoked = f"{token.revoked_at:%Y-%m-%d %H:%M}" if token.revoked_at else ""
        made = f"{token.made_at:%Y-%m-%d %H:%M}"
        add_row(table, token.name, ", ".join(sorted(token.scopes)), made, token.made_by, revoked)
    console.print(table)


@token_app.command()
@speaks_plainly
def revoke(name: _TokenName, user: User = "", database: Database = "") -> None:
    """Have a token open nothing any more, within a second; a stream that it has open ends."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        revoke_service_token(access, settings.home, name)
    say(f"The token {name} opens nothing any more.")


@app.command()
@speaks_plainly
def confirm(lines: _Lines = None, user: User = "", database: Database = "") -> None:
    """Let the lines deliver to the outputs that their file names: asked for once there are users."""
    settings = settings_with(database=database)
    file = read_service_file(lines or service_file(settings))
    with managing(settings, user) as (access, _):
        for name, outputs in confirm_outputs(access, file).items():
            say(f"{name}: {', '.join(outputs)}")


@app.command()
@speaks_plainly
def check(lines: _Lines = None, database: Database = "") -> None:
    """Read the file of the lines, and say what each would do; starts nothing."""
    settings = settings_with(database=database)
    file = read_service_file(lines or service_file(settings))
    for name, spec in file.lines.items():
        asks = ", ".join(spec.triggers) or ("continuous" if spec.sources else "the API alone")
        say(f"{name}: {spec.product}, asked by {asks}, {len(spec.outputs) or 'the settings'} outputs")
