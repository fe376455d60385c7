"""``main.py alarms``: those that stand, and who takes care of them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signing_in import managing
from workflows.keeping.opening import open_record
from workflows.notices.book import AlarmBook, title_of

app = typer.Typer(help="Alarms that stand: of the process, and of the record.", no_args_is_help=True)


@app.command("list")
@speaks_plainly
def list_alarms(database: Database = "", as_json: AsJson = False) -> None:
    """Show the alarms that stand, the oldest first, and who has acknowledged which."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        standing = AlarmBook(storage).standing()
    if as_json:
        alarms = [
            {
                "number": one.event_id,
                "rule": one.key.kind.value,
                "about": one.key.about,
                "sentence": one.sentence,
                "since": one.since.isoformat(),
                "station": one.station,
                "acknowledged_by": one.acknowledged_by,
            }
            for one in standing
        ]
        print_json({"alarms": alarms})
        return
    if not standing:
        say("There are no alarms.")
        return
    table = Table("No.", "Since", "Alarm", "What", "Station", "Acknowledged by")
    for one in standing:
        since = one.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        title = title_of(one.key.kind)
        add_row(table, str(one.event_id), since, title, one.sentence, one.station, one.acknowledged_by)
    console.print(table)


@app.command()
@speaks_plainly
def acknowledge(
    number: Annotated[list[int] | None, typer.Argument(help="As list shows them; all that stand without one.")] = None,
    user: User = "",
    database: Database = "",
) -> None:
    """Say that somebody takes care of alarms; they stand until their cause is gone, and the record keeps who did."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        book = AlarmBook(access.storage, settings.station)
        wanted = number or [one.event_id for one in book.standing()]
        count = book.acknowledge(access, wanted, settings.operator)
    say(f"{count} alarms were acknowledged.")
