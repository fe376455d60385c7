"""``main.py forward``: a station's record to its plant's database."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signals import ended_by_signal, watch_until
from cli.signing_in import signed_in
from filo_core.errors import StorageError
from workflows.keeping.allowed import allow_plant
from workflows.keeping.forwarding import Forwarder, forwarder_of
from workflows.keeping.opening import open_record

_LOOK_EVERY_S = 0.5


@speaks_plainly
def forward(
    plant: Annotated[str, typer.Option(help="Its address; the command `secret set plant` keeps the password.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Forward what there is, then end.")] = False,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Forward inspections and reviews to the plant's database: each once, in order, whenever it can be reached."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        forwarder = forwarder_of(settings, storage, plant)
        if forwarder is None:
            raise StorageError("No plant is named. Give --plant, or set FILO_PLANT_DATABASE.")
        if user:
            access, _ = signed_in(storage, user, settings)
            allow_plant(access, forwarder.plant_url, settings.operator)
            access.sign_out()
        if not once and not as_json:
            say(f"{settings.station} forwards until it is stopped with Ctrl+C.")
        count = forwarder.forward() if once else _until_stopped(forwarder)
    if as_json:
        print_json({"station": settings.station, "forwarded": count})
        return
    say(f"{count} rows of {settings.station} were forwarded.")


def _until_stopped(forwarder: Forwarder) -> int:
    """Forward until Ctrl+C, and say when the plant cannot be reached and when it can again; rows forwarded."""
    ended = threading.Event()
    with ended_by_signal(ended):
        forwarder.start()
        try:
            watch_until(ended, _LOOK_EVERY_S, lambda: forwarder.state.problem)
        finally:
            forwarder.stop()
    return forwarder.state.forwarded
