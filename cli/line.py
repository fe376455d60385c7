"""``main.py line run``: a line without a window, from trigger to PLC."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly, warn
from cli.line_token import token
from cli.options import AsJson, Database, Device, InspectingUser, Name
from cli.signals import ended_by_signal, watch_until
from cli.signing_in import inspecting_as
from filo_core.line.outputs.known import written
from filo_core.line.triggers.spec import forms as trigger_forms
from storage.recorder import Recorder
from workflows.keeping.forwarding import forwarding
from workflows.keeping.nightly import checked_nightly
from workflows.keeping.opening import open_record
from workflows.line.making import line_model, line_wish, made_line, wished_sources
from workflows.line.triggers import open_doors
from workflows.notices.watch import health_of, watched
from workflows.people.changing import allow_outputs
from workflows.products.catalogue import Catalogue
from workflows.products.views import judging_views
from workflows.sealing.seal import RecordSeal

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.supervised import SupervisedDetector
    from workflows.line.run import Line, LinePart

app = typer.Typer(help="Run a line without a window.", no_args_is_help=True)
app.command()(token)
_LOOK_EVERY_S = 0.1


@app.callback()
def line_commands() -> None:
    """Run a line without a window."""


@app.command()
@speaks_plainly
def run(
    name: Name,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="Camera number, video, stream URL, folder, or test://part. With views VIEW=SOURCE, once for each; "
            "else those that were set up."
        ),
    ] = None,
    trigger: Annotated[list[str] | None, typer.Option(help=f"{', '.join(trigger_forms())}.")] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(written())}; else those of the settings."),
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificate authority for mqtts://.", parser=typed.path)] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="PEM file of the HTTP trigger's TLS; else that of the settings.", parser=typed.path),
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(help="PEM file with its key, unless that stands in it.", parser=typed.path)
    ] = None,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds from a trigger to its answer.")] = 2.0,
    parts: Annotated[int, typer.Option(min=0, help="End after so many answers; 0 runs until Ctrl+C.")] = 0,
    database: Database = "",
    device: Device = "",
    user: InspectingUser = "",
    as_json: AsJson = False,
) -> None:
    """Inspect on a line: every trigger gets one verdict, or NOT_INSPECTED, within the deadline."""
    settings = settings_with(database=database, device=device)
    tally = _Tally(parts, quiet=as_json)
    with (
        open_record(settings) as storage,
        forwarding(settings, storage),
        inspecting_as(storage, user, settings) as (operator, access),
    ):
        if output:
            allow_outputs(access, output)
        catalogue = Catalogue(storage)
        recipe = catalogue.recipe(name).recipe
        views = judging_views(catalogue, recipe)
        sources = wished_sources(name, views, source or [], trigger or [])
        asked = line_wish(sources, trigger, output, ca_file, deadline, settings)
        wanted = replace(asked, doors=asked.doors.with_certificate(certificate, certificate_key))
        if warning := open_doors(wanted.triggers, wanted.doors):
            warn(warning)
        recorder = Recorder(storage, name, station=settings.station, operator=operator)
        seal = RecordSeal(storage, settings.home)
        with (
            checked_nightly(settings, storage),
            watched(settings, storage) as watcher,
            line_model(catalogue, recipe, views, settings, warn) as detector,
            made_line(wanted, recipe, views, detector, recorder, seal, settings.outbox, tally.take, _key) as line,
        ):
            watcher.follow(f"line run {name}", health_of(line, lambda: detector.problem))
            _run_until_ended(line, tally)
    _sum_up(line, tally, detector, as_json)


class _Tally:
    """Prints answers, counts them, and knows when enough is enough."""

    def __init__(self, wanted: int, *, quiet: bool) -> None:
        self.verdicts: Counter[str] = Counter()
        self.ended = threading.Event()
        self._wanted = wanted
        self._quiet = quiet

    def take(self, result: LineResult, _inspection: object) -> None:
        """A new answer, on the station's thread."""
        self.verdicts[result.verdict.value] += 1
        if not self._quiet:
            what = f" {result.anomaly_type} {result.position}".rstrip() or f" {result.reason}".rstrip()
            say(f"{result.file or result.trigger_id}: {result.verdict.value}{what}")
        if self._wanted and self.verdicts.total() >= self._wanted:
            self.ended.set()


def _key(line: Line) -> LinePart:
    from filo_core.line.triggers.key import KeyTrigger

    return KeyTrigger(line.announcer, sys.stdin)


def _run_until_ended(line: Line, tally: _Tally) -> None:
    with ended_by_signal(tally.ended):
        line.start()
        if line.recovered:
            warn(f"{line.recovered} parts of an earlier start were left without a verdict: NOT_INSPECTED.")
        watch_until(tally.ended, _LOOK_EVERY_S, lambda: line.problem)


def _sum_up(line: Line, tally: _Tally, detector: SupervisedDetector, as_json: bool) -> None:
    counters = line.station.counters
    if as_json:
        print_json(
            {
                "triggers": counters.triggers,
                "answers": counters.answers,
                "repeated": counters.repeated,
                "recovered": line.recovered,
                "verdicts": dict(tally.verdicts),
                "model_restarts": detector.restarts,
                "model_load_seconds": round(detector.load_seconds or 0.0, 2),
            }
        )
        return
    say(f"{counters.triggers} triggers, {counters.answers} answers: {dict(tally.verdicts)}")
