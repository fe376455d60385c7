"""A line as it was asked for in words, looked at before the model loads, and made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import SourceError
from filo_core.line.model_process import load_detectors
from filo_core.line.outputs.known import make_sink, spec_of
from filo_core.line.part_views import LineView, PartViews
from filo_core.line.sources.choose import source_at
from filo_core.line.sources.viewed import ViewedSource
from filo_core.line.supervised import SupervisedDetector
from filo_core.line.triggers.base import TriggerKind
from workflows.line.doors import doors_of, with_password
from workflows.line.outputs import OutputStore
from workflows.line.run import Line
from workflows.line.triggers import choice_of, make_plc, make_trigger, plcs_of
from workflows.products.golden import GoldenSets
from workflows.products.learned_names import naming
from workflows.products.views import require_all, sources_of
from workflows.settings.bound import refuse_clear
from workflows.settings.output_address import Output
from workflows.settings.secret_store import SecretStore

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.sinks.base import Sink
    from filo_core.line.sources.base import ImageSource
    from filo_core.types import Inspection, Recipe
    from filo_core.views import JudgingView
    from storage.recorder import Recorder
    from workflows.line.doors import Doors
    from workflows.line.run import LinePart
    from workflows.line.triggers import TriggerChoice
    from workflows.products.catalogue import Catalogue
    from workflows.sealing.seal import RecordSeal
    from workflows.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class LineWish:
    """What was asked for: looked at before the model is loaded, which takes its time."""

    cameras: tuple[ImageSource, ...]
    """One a view; one or none where there are no views."""
    triggers: list[TriggerChoice]
    plcs: tuple[Output, ...]
    """Servers that are read along."""
    sinks: list[Sink]
    deadline_s: float
    part_wait_s: float
    doors: Doors


def line_wish(
    sources: Sequence[str],
    triggers: Sequence[str] | None,
    outputs: Sequence[str] | None,
    ca_file: Path | None,
    deadline_s: float,
    settings: Settings,
    *,
    otherwise: Sequence[str] = (TriggerKind.CONTINUOUS,),
) -> LineWish:
    """What these words ask for.

    Args:
        sources: addresses of cameras.
        triggers: words as :func:`~workflows.line.triggers.choice_of` takes them; where none is given the PLCs of the
            outputs ask, and where there is no PLC ``otherwise``.
        outputs: addresses; those of the settings where none is given.
        ca_file: certificate authority for ``mqtts://``.
        deadline_s: longest time from a trigger to its answer.
        settings: keep passwords, doors and usual outputs.
        otherwise: words of the triggers where nothing names one.

    Raises:
        SourceError: if one of them is none.
        SettingsError: if a password is missing, or would travel in clear.
    """
    secrets = SecretStore(settings.home)
    servers = kept = tuple(output for output in settings.outputs if output.is_asked)
    if outputs:
        _refuse_telling(outputs)
        servers = tuple(Output(address=one) for one in outputs if spec_of(one).is_asked)
        sinks = [
            make_sink(with_password(one, secrets, settings.clear_passwords), ca_file, secrets.hook_secret(one))
            for one in outputs
            if not spec_of(one).is_asked
        ]
    else:
        sinks = OutputStore(settings.home, exports=settings.export_folder).sinks(settings.outputs)
    # Where nothing else asks the PLC does.
    words = triggers or [server.address for server in servers or kept] or otherwise
    chosen = [choice_of(word) for word in words]
    cameras = tuple(_camera(source, secrets, settings) for source in sources)
    plcs, doors = plcs_of(servers, chosen), replace(doors_of(settings), ca_file=ca_file)
    return LineWish(cameras, chosen, plcs, sinks, deadline_s, settings.part_wait_s, doors)


def wished_sources(
    product: str, views: Sequence[JudgingView], given: Sequence[str], triggers: Sequence[str]
) -> tuple[str, ...]:
    """Addresses of the cameras; none for a part with views whose pictures files bring.

    Raises:
        SourceError: as :func:`~workflows.products.views.sources_of`, or if a trigger is none.
    """
    if views and triggers and not given and all(choice_of(word).kind is TriggerKind.FOLDER for word in triggers):
        return ()
    return sources_of(product, views, given)


def _refuse_telling(outputs: Sequence[str]) -> None:
    """One that takes no verdict would leave a line without an output, and say nothing."""
    for one in outputs:
        if not spec_of(one).takes_verdicts:
            raise SourceError(
                "{kind} takes alarms and reports, and no verdicts. Add it in Settings → Outputs.",
                kind=spec_of(one).kind,
            )


def _camera(address: str, secrets: SecretStore, settings: Settings) -> ImageSource:
    secrets.require_bound(address)
    address = secrets.filled(address)
    refuse_clear(address, settings.clear_passwords)
    return source_at(address, producers=settings.genicam_producers)


@contextmanager
def line_model(
    catalogue: Catalogue,
    recipe: Recipe,
    views: Sequence[JudgingView],
    settings: Settings,
    on_note: Callable[[str], None] = lambda _: None,
) -> Iterator[SupervisedDetector]:
    """The product's model in a process of its own, ready to judge; of a part with views one model for all of them."""
    recipes = [view.recipe for view in views] or [recipe]
    by = tuple((one, tuple(catalogue.references(one))) for one in recipes)
    make = partial(load_detectors, recipes[0].profile, by, installed=settings.models)
    detector = SupervisedDetector(make, settings.device, on_note=on_note)
    try:
        detector.wait_ready()
        yield detector
    finally:
        detector.close()


@contextmanager
def made_line(
    wish: LineWish,
    recipe: Recipe,
    views: Sequence[JudgingView],
    detector: SupervisedDetector,
    recorder: Recorder,
    seal: RecordSeal,
    outbox: Path,
    on_answer: Callable[[LineResult, Inspection | None], None],
    key: Callable[[Line], LinePart] | None = None,
) -> Iterator[Line]:
    """The line with its triggers, not yet started; stopped when the block ends.

    What is given is a line's own, see there; ``key`` makes the trigger that a person presses, None where nobody is.

    Raises:
        DatabaseInUseError: if a line works with this outbox already.
        SourceError: if a trigger cannot be made.
    """
    cameras: Sequence[ViewedSource | None] = [ViewedSource(camera) for camera in wish.cameras if views]
    cameras = cameras or [None] * len(views)
    through = [
        LineView(view, camera, naming(detector.of_view(number), recorder.storage, view.recipe))
        for number, (view, camera) in enumerate(zip(views, cameras, strict=True))
    ]
    line = Line(
        recipe=recipe,
        source=None if views else next(iter(wish.cameras), None),
        views=PartViews(recipe, through) if views else None,
        detector=naming(detector, recorder.storage, recipe),
        recorder=recorder,
        outbox_file=outbox,
        sinks=wish.sinks,
        deadline_s=wish.deadline_s,
        part_wait_s=wish.part_wait_s,
        seal=seal,
        on_answer=on_answer,
        require=partial(require_all, GoldenSets(recorder.storage).require, recipe),
        model_problem=lambda: detector.problem,
    )
    try:
        line.parts += [_trigger(choice, line, wish.doors, key) for choice in wish.triggers]
        line.parts += [make_plc(server, line, wish.doors) for server in wish.plcs]
        yield line
    finally:
        line.stop()


def _trigger(choice: TriggerChoice, line: Line, doors: Doors, key: Callable[[Line], LinePart] | None) -> LinePart:
    made = make_trigger(choice, line, doors)
    if made is None and key is not None:
        return key(line)
    if made is None:
        raise SourceError("Nobody can press a key here. Choose another trigger: continuous, folder, http or modbus.")
    return made
