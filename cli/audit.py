"""``main.py audit``: check the audit chain, and hand it to an auditor."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, User
from cli.signing_in import ask_pin, managing
from storage.audit.noted import parse_head
from workflows.export.handing_out import export_chain
from workflows.keeping.beginning_anew import allow_beginning_anew
from workflows.keeping.checking import beside_problems
from workflows.keeping.opening import open_record
from workflows.sealing.alarms import Alarms

_SHOWN = 20

app = typer.Typer(help="The audit chain over verdicts, reviews, recipes, users and events.", no_args_is_help=True)


@app.command()
@speaks_plainly
def verify(
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Look at every picture as well, which takes its time.")
    ] = False,
    head: Annotated[
        str | None, typer.Option(metavar="SEQUENCE:HASH", help="A head noted earlier: finds rows taken off the end.")
    ] = None,
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Check every chained row, the outbox and the waits after wrong PINs; exit status 1 when anything was altered."""
    settings = settings_with(database=database)
    noted = None if head is None else parse_head(head)
    with open_record(settings) as storage:
        report = storage.verify(noted)
        if pictures:
            report = replace(report, problems=report.problems + storage.picture_problems())
        report = replace(report, problems=report.problems + beside_problems(settings, storage))
        alarms = Alarms(storage).standing()
    problems = report.problems
    if as_json:
        print_json(
            {
                "intact": report.intact,
                "entries": report.entries,
                "head": str(report.head),
                "first": problems[0].sentence if problems else None,
                "problems": [asdict(problem) for problem in problems],
                "alarms": [alarm.sentence for alarm in alarms],
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
    for alarm in [] if as_json else alarms:
        warn(f"Alarm since {alarm.since.astimezone():%Y-%m-%d %H:%M}: {alarm.sentence}")
    if alarms or not report.intact:
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
    with open_record(settings) as storage, storage.reading() as transaction:
        found = transaction.events.newest(limit)
    if as_json:
        print_json({"events": [asdict(event) | {"at": event.at.isoformat()} for event in found]})
        return
    table = Table("When", "What", "Who", "Station", "Of what", "Particulars")
    for event in found:
        when = event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        add_row(table, when, event.kind.value, event.actor, event.station, event.subject, event.detail)
    console.print(table)


@app.command()
@speaks_plainly
def settle(
    reason: Annotated[str, typer.Option(help="What was found out, in your own words.")],
    user: User = "",
    database: Database = "",
) -> None:
    """Settle the alarms of the record that stand: an admin says why, and the chain keeps it."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, pin):
        count = Alarms(access.storage, settings.station).settle(access, reason, settings.operator, pin or None)
    say(f"{count} alarms were settled.")


@app.command("begin-anew")
@speaks_plainly
def begin_anew(
    reason: Annotated[str, typer.Option(help="What became of the record before, in your own words.")],
    user: User = "",
    database: Database = "",
) -> None:
    """Let an empty record take the place of one that is gone: an admin of its newest backup says so."""
    who = allow_beginning_anew(settings_with(database=database), reason, user, lambda: ask_pin(f"PIN of {user}: "))
    say(f"{who} lets the record begin anew: the next start makes it.")
