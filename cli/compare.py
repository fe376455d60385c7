"""``main.py product compare``: two recipes of a product judge the same stored pictures again."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, Device, Name
from filo_core.types import Verdict
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.studies.replay import (
    USUAL_PICTURES,
    Replay,
    comparison_content,
    comparison_lines,
    contestant,
    replay_of,
    replay_steps,
)

_SHOWN = 40


@speaks_plainly
def compare(
    name: Name,
    a: Annotated[str, typer.Option("--a", help="Recipe version, or draft.")],
    b: Annotated[str, typer.Option("--b", help="Recipe version, or draft, that is held against it.")],
    limit: Annotated[int, typer.Option(help="Pictures at most: decided ones first, then the newest.")] = USUAL_PICTURES,
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Replay two recipes on the same stored pictures: newly missed, newly refused, newly doubted."""
    from filo_core.engine import load_engine

    settings = settings_with(database=database, device=device)
    with open_record(settings) as storage:
        catalogue = Catalogue(storage)
        first, second = contestant(catalogue, name, a), contestant(catalogue, name, b)
        replay = replay_of(catalogue, name, first, second, limit)
        engine, loaded = None, ""
        for one in (first, second):
            if engine is None or one.profile != loaded:
                engine, loaded = load_engine(one.profile, settings.device, settings.models), one.profile
            for event in replay_steps(catalogue, replay, one)(engine):
                if event.done == event.total or event.done % 50 == 0:
                    warn(f"{one.name}: {event.done} of {event.total}")
    if as_json:
        print_json(comparison_content(replay))
        return
    for line in comparison_lines(replay):
        say(line)
    _show_differing(replay)


def _show_differing(replay: Replay) -> None:
    differing = replay.comparison().differing
    if not differing:
        return
    table = Table("Picture", "Decided", replay.first.name, replay.second.name, "Turned")
    for part in differing[:_SHOWN]:
        verdicts = (_answer(part.first, part.first_score), _answer(part.second, part.second_score))
        turned = part.turned.value if part.turned else ""
        add_row(table, part.name, part.truth.value if part.truth else "–", *verdicts, turned)
    console.print(table)
    if len(differing) > _SHOWN:
        say(f"{len(differing) - _SHOWN} more: --json has all.")


def _answer(verdict: Verdict, score: float | None) -> str:
    return verdict.value if score is None else f"{verdict.value} {score:.4f}"
