"""``main.py line run``: a line without a window, from trigger to PLC."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly, warn
from cli.product import AsJson, Database, Device, Name
from cli.signals import ended_by_signal, watch_until
from cli.signing_in import InspectingUser, inspecting_as
from filo_core.errors import SourceError
from filo_core.line.model_process import load_detector
from filo_core.line.sinks.choose import make_sink
from filo_core.line.sources.choose import source_at
from filo_core.line.supervised import SupervisedDetector
from storage.recorder import Recorder
from storage.storage import open_storage
from workflows.catalogue import Catalogue
from workflows.forwarding import forwarding
from workflows.golden import GoldenSets
from workflows.line import Line
from workflows.outputs import OutputStore
from workflows.secret_store import OUTPUT, SecretStore
from workflows.triggers import choice_of, make_trigger

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.sinks.base import Sink
    from workflows.line import LinePart
    from workflows.settings import Settings
    from workflows.triggers import TriggerChoice

app = typer.Typer(help="Run a line without a window.", no_args_is_help=True)
_LOOK_EVERY_S = 0.1


@app.callback()
def line_commands() -> None:
    """Run a line without a window."""


@app.command()
@speaks_plainly
def run(
    name: Name,
    source: Annotated[str, typer.Option(help="Camera number, video, stream URL, folder, or test://part.")] = "",
    trigger: Annotated[
        list[str] | None, typer.Option(help="continuous, key, folder:PATH, http:HOST:PORT or modbus:HOST:PORT.")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(help="mqtt(s)://, http(s):// or csv:PATH; else those of the settings."),
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificate authority for mqtts://.", parser=typed.path)] = None,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds from a trigger to its answer.")] = 2.0,
    parts: Annotated[int, typer.Option(min=0, help="End after so many answers; 0 runs until Ctrl+C.")] = 0,
    database: Database = "",
    device: Device = "",
    user: InspectingUser = "",
    as_json: AsJson = False,
) -> None:
    """Inspect on a line: every trigger gets one verdict, or NOT_INSPECTED, within the deadline."""
    settings = settings_with(database=database, device=device)
    with (
        open_storage(settings.database_url, settings.images) as storage,
        forwarding(settings, storage),
        inspecting_as(storage, user, settings) as operator,
    ):
        # What was typed is looked at before the model is loaded, which takes its time.
        choices = [choice_of(words) for words in trigger or _kept_triggers(settings)]
        sinks = _sinks(output, ca_file, settings)
        camera = source_at(SecretStore(settings.home).filled(source)) if source else None
        catalogue = Catalogue(storage)
        version = catalogue.recipe(name)
        references = catalogue.references(version.recipe)
        make = partial(
            load_detector, version.recipe.profile, version.recipe, tuple(references), installed=settings.models
        )
        detector = SupervisedDetector(make, settings.device, hang_s=max(deadline, 1.0), on_note=warn)
        recorder = Recorder(storage, name, station=settings.station, operator=operator)
        try:
            detector.wait_ready()
            tally = _Tally(parts, quiet=as_json)
            golden = GoldenSets(storage)
            line = Line(
                recipe=version.recipe,
                source=camera,
                detector=detector,
                recorder=recorder,
                outbox_file=settings.outbox,
                sinks=sinks,
                deadline_s=deadline,
                on_answer=tally.take,
                require=partial(golden.require, version.recipe.product),
                model_problem=lambda: detector.problem,
            )
            try:
                line.parts += [_trigger(choice, line, settings) for choice in choices]
                _run_until_ended(line, tally)
            finally:
                line.stop()
        finally:
            detector.close()
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
            say(f"{result.trigger_id}: {result.verdict.value}{what}")
        if self._wanted and self.verdicts.total() >= self._wanted:
            self.ended.set()


def _sinks(addresses: list[str] | None, ca_file: Path | None, settings: Settings) -> list[Sink]:
    """Those that were named; none named, those that the settings keep."""
    if not addresses:
        return OutputStore(settings.home).sinks(settings.outputs)
    secrets = SecretStore(settings.home)
    return [make_sink(_with_password(address, secrets), ca_file) for address in addresses]


def _with_password(address: str, secrets: SecretStore) -> str:
    """The address with its password, which is kept under the same name as that of an output of the settings."""
    try:
        parts = urlsplit(address)
        # Asking for the port checks it.
        _ = parts.port
    except ValueError as error:
        raise SourceError(
            "An output's address names no host, or its port is none. Write it like mqtt://broker.local:1883/topic."
        ) from error
    return secrets.filled(address, f"{OUTPUT}{parts.netloc}")


def _kept_triggers(settings: Settings) -> list[str]:
    """The PLC asks where the settings keep a Modbus server; otherwise every picture is judged."""
    servers = [output.address for output in settings.outputs if output.is_asked]
    return servers or ["continuous"]


def _trigger(choice: TriggerChoice, line: Line, settings: Settings) -> LinePart:
    made = make_trigger(choice, line, settings.line_token.get_secret_value())
    if made is not None:
        return made
    from filo_core.line.triggers.key import KeyTrigger

    return KeyTrigger(line.station, sys.stdin)


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
