"""``main.py line run``: a line without a window, from trigger to PLC."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly, warn
from cli.line_token import token
from cli.options import AsJson, Database, Device, InspectingUser, Name
from cli.signals import ended_by_signal, watch_until
from cli.signing_in import inspecting_as
from filo_core.line.model_process import load_detectors
from filo_core.line.outputs.known import make_sink, spec_of, written
from filo_core.line.part_views import LineView, PartViews
from filo_core.line.sources.choose import source_at
from filo_core.line.sources.viewed import ViewedSource
from filo_core.line.supervised import SupervisedDetector
from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.spec import forms as trigger_forms
from storage.recorder import Recorder
from workflows.keeping.forwarding import forwarding
from workflows.keeping.nightly import checked_nightly
from workflows.keeping.opening import open_record
from workflows.line.doors import Doors, doors_of, with_password
from workflows.line.outputs import OutputStore
from workflows.line.run import Line
from workflows.line.triggers import choice_of, make_plc, make_trigger, open_doors, plcs_of
from workflows.people.changing import allow_outputs
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets
from workflows.products.learned_names import naming
from workflows.products.views import judging_views, require_all, sources_of
from workflows.sealing.seal import RecordSeal
from workflows.settings.bound import refuse_clear
from workflows.settings.output_address import Output
from workflows.settings.secret_store import SecretStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filo_core.line.results import LineResult
    from filo_core.line.sinks.base import Sink
    from filo_core.line.sources.base import ImageSource
    from filo_core.types import Recipe
    from filo_core.views import JudgingView
    from workflows.line.run import LinePart
    from workflows.line.triggers import TriggerChoice
    from workflows.settings.settings import Settings

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
        sources = sources_of(name, views, source or [])
        asked = _wanted(sources, trigger, output, ca_file, deadline, settings)
        wanted = replace(asked, doors=asked.doors.with_certificate(certificate, certificate_key))
        if warning := open_doors(wanted.triggers, wanted.doors):
            warn(warning)
        recorder = Recorder(storage, name, station=settings.station, operator=operator)
        seal = RecordSeal(storage, settings.home)
        with (
            checked_nightly(settings, storage),
            _model(catalogue, recipe, views, settings) as detector,
            _line(wanted, recipe, views, detector, recorder, seal, settings.outbox, tally) as line,
        ):
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was typed: looked at before the model is loaded, which takes its time."""

    cameras: tuple[ImageSource, ...]
    """One a view; one or none where there are no views."""
    triggers: list[TriggerChoice]
    plcs: tuple[Output, ...]
    """Servers that are read along."""
    sinks: list[Sink]
    deadline_s: float
    doors: Doors


def _wanted(
    sources: Sequence[str],
    triggers: list[str] | None,
    outputs: list[str] | None,
    ca_file: Path | None,
    deadline_s: float,
    settings: Settings,
) -> _Wanted:
    secrets = SecretStore(settings.home)
    servers = kept = tuple(output for output in settings.outputs if output.is_asked)
    if outputs:
        servers = tuple(Output(address=one) for one in outputs if spec_of(one).is_asked)
        sinks = [
            make_sink(with_password(one, secrets, settings.clear_passwords), ca_file, secrets.hook_secret(one))
            for one in outputs
            if not spec_of(one).is_asked
        ]
    else:
        sinks = OutputStore(settings.home, exports=settings.export_folder).sinks(settings.outputs)
    # Where nothing else asks the PLC does; where there is none either, every picture is judged.
    words = triggers or [server.address for server in servers or kept] or [TriggerKind.CONTINUOUS]
    chosen = [choice_of(word) for word in words]
    cameras = tuple(_camera(source, secrets, settings) for source in sources)
    return _Wanted(cameras, chosen, plcs_of(servers, chosen), sinks, deadline_s, doors_of(settings))


@contextmanager
def _model(
    catalogue: Catalogue, recipe: Recipe, views: Sequence[JudgingView], settings: Settings
) -> Iterator[SupervisedDetector]:
    """The product's model in a process of its own, ready to judge; of a part with views one model for all of them."""
    recipes = [view.recipe for view in views] or [recipe]
    by = tuple((one, tuple(catalogue.references(one))) for one in recipes)
    make = partial(load_detectors, recipes[0].profile, by, installed=settings.models)
    detector = SupervisedDetector(make, settings.device, on_note=warn)
    try:
        detector.wait_ready()
        yield detector
    finally:
        detector.close()


@contextmanager
def _line(
    wanted: _Wanted,
    recipe: Recipe,
    views: Sequence[JudgingView],
    detector: SupervisedDetector,
    recorder: Recorder,
    seal: RecordSeal,
    outbox: Path,
    tally: _Tally,
) -> Iterator[Line]:
    """The line with its triggers, not yet started."""
    through = [
        LineView(view, ViewedSource(camera), naming(detector.of_view(number), recorder.storage, view.recipe))
        for number, (view, camera) in enumerate(zip(views, wanted.cameras, strict=False))
    ]
    line = Line(
        recipe=recipe,
        source=None if views else next(iter(wanted.cameras), None),
        views=PartViews(recipe, through) if views else None,
        detector=naming(detector, recorder.storage, recipe),
        recorder=recorder,
        outbox_file=outbox,
        sinks=wanted.sinks,
        deadline_s=wanted.deadline_s,
        seal=seal,
        on_answer=tally.take,
        require=partial(require_all, GoldenSets(recorder.storage).require, recipe),
        model_problem=lambda: detector.problem,
    )
    try:
        line.parts += [_trigger(choice, line, wanted.doors) for choice in wanted.triggers]
        line.parts += [make_plc(server, line, wanted.doors) for server in wanted.plcs]
        yield line
    finally:
        line.stop()


def _camera(address: str, secrets: SecretStore, settings: Settings) -> ImageSource:
    secrets.require_bound(address)
    address = secrets.filled(address)
    refuse_clear(address, settings.clear_passwords)
    return source_at(address, producers=settings.genicam_producers)


def _trigger(choice: TriggerChoice, line: Line, doors: Doors) -> LinePart:
    made = make_trigger(choice, line, doors)
    if made is not None:
        return made
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
