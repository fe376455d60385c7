"""``main.py audit``: check the audit chain, and hand it to an auditor."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, User
from cli.signing_in import managing
from storage.audit.noted import parse_head
from storage.storage import open_storage
from workflows.export.handing_out import export_chain

_SHOWN = 20

app = typer.Typer(help="The audit chain over verdicts, reviews, recipes, users and events.", no_args_is_help=True)


@app.command()
@speaks_plainly
def verify(
    head: Annotated[
        str | None, typer.Option(metavar="SEQUENCE:HASH", help="A head noted earlier: finds rows taken off the end.")
    ] = None,
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Check every chained row; exit status 1 and the rows' names when anything was changed, removed or moved."""
    settings = settings_with(database=database)
    noted = None if head is None else parse_head(head)
    with open_storage(settings.database_url, settings.images) as storage:
        report = storage.verify(noted)
    problems = report.problems
    if as_json:
        print_json(
            {
                "intact": report.intact,
                "entries": report.entries,
                "head": str(report.head),
                "first": problems[0].sentence if problems else None,
                "problems": [asdict(problem) for problem in problems],
            }
        )
    elif report.intact:
        say(f"{report.entries} entries, intact. Head {report.head}")
        say("Note the head elsewhere: with --head a later check finds rows taken off the end, or a chain written anew.")
    else:
        warn(f"{len(problems)} problems in {report.entries} entries; the first:")
        for problem in problems[:_SHOWN]:
            warn(problem.sentence)
        if len(problems) > _SHOWN:
            warn(f"… and {len(problems) - _SHOWN} more; --json lists all.")
    if not report.intact:
        raise SystemExit(1)


@app.command()
@speaks_plainly
def export(
    file: Annotated[
        Path, typer.Argument(help="Archive to write; check it with tools/check_audit.py", parser=typed.path)
    ],
    user: User = "",
    database: Database = "",
) -> None:
    """Write the chain and its rows to an archive that can be checked without this program."""
    with managing(settings_with(database=database), user) as (access, _):
        head = export_chain(access, file)
    say(f"{head.sequence} entries were written to {file}. Check them with: python -I tools/check_audit.py {file}")
    say("Hand the file and the checker over on different ways; docs/record.md has the checker's SHA-256.")
    say(f"Head {head}")


@app.command()
@speaks_plainly
def events(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Show what happened besides verdicts and reviews: sign-ins, users, golden sets, recipes put back, removals."""
    settings = settings_with(database=database)
    with open_storage(settings.database_url, settings.images) as storage, storage.reading() as transaction:
        found = transaction.events.newest(limit)
    if as_json:
        print_json({"events": [asdict(event) | {"at": event.at.isoformat()} for event in found]})
        return
    table = Table("When", "What", "Who", "Station", "Of what", "Particulars")
    for event in found:
        when = event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        add_row(table, when, event.kind.value, event.actor, event.station, event.subject, event.detail)
    console.print(table)
