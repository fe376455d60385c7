"""One line of the service: started, stopped, given another product, and tried again where it fails."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from filo_core.errors import FiloError
from filo_core.identity import NOBODY
from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.loops import Loop
from filo_core.whole_files import write_private
from workflows.line.making import line_model, line_wish, made_line, wished_sources
from workflows.notices.watch import LineHealth
from workflows.products.views import judging_views
from workflows.serving.posted import PostedRecorder

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.identity import Identity
    from filo_core.line.results import LineResult
    from filo_core.line.supervised import SupervisedDetector
    from filo_core.types import Inspection, Recipe, RecipeVersion, SourceImage
    from filo_core.views import JudgingView
    from storage.storage import Storage
    from workflows.line.run import Line
    from workflows.products.catalogue import Catalogue
    from workflows.sealing.seal import RecordSeal
    from workflows.serving.service_file import LineSpec
    from workflows.settings.settings import Settings

REPEATS_S = 600.0
"""So long the same id of one caller is the same part."""
_REMEMBERED = 10_000
_AGAIN_S = 5.0
_FOR_EVER_S = 3600.0
_ANSWER_S = 5.0
"""An answer that is not there so long after the deadline does not come."""

logger = logging.getLogger(__name__)

MakeModel = Callable[
    ["Catalogue", "Recipe", "Sequence[JudgingView]", "Settings"], "AbstractContextManager[SupervisedDetector]"
]
OnAnswer = Callable[[str, "LineResult"], None]
"""Told the line's name and each new answer, on a thread of the line."""


class NotAskedError(FiloError):
    """A line cannot be asked for this part now; nothing was judged, and nothing reads as OK."""


class LineAwayError(NotAskedError):
    """The line is to run and does not answer yet, or any more: ask again in a moment, with the same id."""


class OtherPartError(FiloError):
    """An id comes again for another part, another picture or another identity."""

    def __init__(self, part_id: str) -> None:
        super().__init__("The id {id} was asked for another part. Ask with a new id for a new part.", id=part_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer to who asked for a part."""

    result: LineResult
    inspection_id: int | None = None
    """In the record; None where it was not kept yet."""
    is_repeat: bool = False
    """True where it was given before."""
    passes: bool | None = None
    """Whether it reads as OK; as the result says where not given."""

    @property
    def reads_as(self) -> str:
        """``OK`` or ``NG``: let a part go on only where it is OK."""
        passes = self.result.passes if self.passes is None else self.passes
        return "OK" if passes else "NG"


class ServedState(StrEnum):
    """What a line does now."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    """It cannot start, as its problem says, and is tried again every few seconds."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all lines of a service share."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue
    seal: RecordSeal
    operator: str = ""
    make_model: MakeModel = line_model
    allowed: Callable[[str, LineSpec], str] = lambda *_: ""
    """Why a line may not deliver to its outputs, as a sentence; empty where it may."""


@dataclass(slots=True)
class _Running:
    """A line that was opened, with what it was opened for."""

    line: Line
    recorder: PostedRecorder
    detector: SupervisedDetector
    version: RecipeVersion
    since: float
    ending: ExitStack


@dataclass(frozen=True, slots=True)
class LineReport:
    """How a line is doing, at one moment."""

    name: str
    state: ServedState
    product: str
    recipe_version: int | None
    """Of the recipe that it judges by; None while it does not run."""
    problem: str
    """Why no part would get a verdict now, or what is wrong with an output, as a sentence; empty when all is well."""
    is_ready: bool
    """Whether a part would get its verdict now."""
    has_camera: bool
    camera: str
    """``live``, ``lost`` or so; empty without a camera, or while the line does not run."""
    triggers: int = 0
    answers: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    """Messages that have yet to be delivered, by output."""
    oldest_waiting_s: float = 0.0
    model_restarts: int = 0


class ServedLine:
    """Keeps to what it was told last: to run, or not to; over restarts as well.

    Args:
        name: of the line; also the station of its inspections.
        spec: as the file describes it.
        workshop: what all lines share.
        on_answer: told every new answer.
    """

    def __init__(self, name: str, spec: LineSpec, workshop: Workshop, on_answer: OnAnswer = lambda *_: None) -> None:
        self.name = name
        self.spec = spec
        self._shop = workshop
        self._on_answer = on_answer
        self._folder: Path = workshop.settings.lines / name
        kept = self._kept()
        self._product: str = kept.get("product") or spec.product
        self._wanted: bool = kept.get("runs", spec.autostart)
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._failure = ""
        self._is_opening = False
        self._closing = False
        self._anew = False
        self._asked: OrderedDict[str, str] = OrderedDict()
        self._loop = Loop(f"filo-line-{name}", self._run, "runs a line")

    @property
    def product(self) -> str:
        """What it inspects, or will."""
        return self._product

    @property
    def is_wanted(self) -> bool:
        """Whether it is to run."""
        return self._wanted

    @property
    def state(self) -> ServedState:
        """What it does now."""
        if self._running is not None:
            return ServedState.RUNNING
        if not self._wanted:
            return ServedState.STOPPED
        return ServedState.FAILED if self._failure and not self._is_opening else ServedState.STARTING

    @property
    def problem(self) -> str:
        """Why no part would get a verdict now, as a sentence; empty when one would, and while it is not to run."""
        if not self._wanted:
            return ""
        running = self._running
        if running is None:
            return self._failure or "The line is starting."
        return self._loop.problem or running.line.announcer.problem

    @property
    def health(self) -> LineHealth:
        """How alarms ask whether its cameras give pictures, and whether it judges."""
        return LineHealth(self._camera_problem, lambda: self.problem)

    def _camera_problem(self) -> str:
        running = self._running
        sources = running.line.sources if running is not None else ()
        return next((source.problem for source in sources if source.state is SourceState.LOST), "")

    def report(self) -> LineReport:
        """How it is doing; asks the outbox."""
        running = self._running
        if running is None:
            return LineReport(
                self.name, self.state, self._product, None, self.problem, False, bool(self.spec.sources), ""
            )
        line, counters = running.line, running.line.station.counters
        problem = self.problem
        states = [source.state for source in line.sources]
        worst = SourceState.LOST if SourceState.LOST in states else next(iter(states), None)
        return LineReport(
            self.name,
            ServedState.RUNNING,
            running.version.recipe.product,
            running.version.version,
            problem or line.delivery.state.problem,
            not problem,
            bool(line.sources),
            worst.value if worst is not None else "",
            counters.triggers,
            counters.answers,
            {courier.sink.name: courier.waiting for courier in line.couriers},
            line.outbox.oldest_waiting_s(),
            running.detector.restarts,
        )

    def open(self) -> None:
        """Begin to keep to what is wanted."""
        self._loop.start()

    def close(self) -> None:
        """Finish the part in hand and end; what is wanted stays as it was said."""
        self._closing = True
        self._loop.ask_to_stop()
        self._changed.set()
        self._loop.join()

    def start(self) -> None:
        """Have it run, now and after a restart.

        Raises:
            StorageError: if that cannot be kept.
        """
        self._wish(runs=True, product=self._product)

    def stop(self) -> None:
        """Have it stand still, now and after a restart; the part in hand is finished.

        Raises:
            StorageError: if that cannot be kept.
        """
        self._wish(runs=False, product=self._product)

    def change_product(self, product: str) -> None:
        """Have it inspect another product, or the same one under its newest recipe; begun anew where it runs.

        Raises:
            FiloError: if there is no such product, or nothing was signed off for it.
        """
        version = self._shop.catalogue.recipe(product)
        self._wish(runs=self._wanted, product=version.recipe.product, anew=True)

    def ask(self, part_id: str, who: str, picture: SourceImage | None, identity: Identity = NOBODY) -> Asked:
        """Have one part judged, and wait for it.

        Args:
            part_id: the caller's own; the same again within ten minutes is answered as before.
            who: the caller, by the name of its token.
            picture: to be judged; None asks the camera.
            identity: which part it is.

        Raises:
            NotAskedError: if the line does not run, or cannot take the picture.
            OtherPartError: if this id was asked for another part.
        """
        with self._lock:
            running = None if self._closing else self._running
        if running is None and self._wanted:
            raise LineAwayError(
                "The line {name} does not run yet. {why}", name=self.name, why=self._failure or "It is starting."
            )
        if running is None:
            raise NotAskedError("The line {name} does not run. Start it first.", name=self.name)
        line = running.line
        _refuse(line, self.name, picture)
        trigger_id, image_hash = f"api-{who}-{part_id}", picture.image_hash if picture is not None else ""
        with self._lock:
            known = self._asked.get(trigger_id)
            _put(self._asked, trigger_id, known if known is not None else image_hash)
        if known is not None and known != image_hash:
            raise OtherPartError(part_id)
        name = picture.name if picture is not None else trigger_id
        running.recorder.expect(name, image_hash, f"service token {who}")
        asked_at = datetime.now(UTC)
        trigger = Trigger(
            trigger_id,
            TriggerKind.HTTP,
            picture,
            repeats_within_s=REPEATS_S,
            identity=identity,
            file=picture.name if picture is not None else "",
        )
        ticket = line.announcer.ask(trigger)
        result = ticket.wait(line.deadline_s + _ANSWER_S)
        if result is None:
            raise LineAwayError("The line {name} did not answer. The part reads as NG.", name=self.name)
        if not result.identity.includes(identity):
            raise OtherPartError(part_id)
        if not (known is not None or ticket.is_repeat or result.decided_at < asked_at):
            return Asked(result, inspection_id=running.recorder.kept_as(name, image_hash))
        return self._repeated(part_id, result, image_hash)

    def _repeated(self, part_id: str, result: LineResult, image_hash: str) -> Asked:
        """An earlier answer as it may be given again: of the same picture, or so fresh that the part lies there still.

        Raises:
            OtherPartError: if the record has another picture.
        """
        with self._shop.storage.reading() as transaction:
            found = [
                one
                for one in transaction.inspections.kept_at(result.decided_at)
                if one.name in {result.file, result.trigger_id} and one.product == result.product
            ]
        if image_hash and found and found[0].image_hash not in {"", image_hash}:
            raise OtherPartError(part_id)
        age_s = (datetime.now(UTC) - result.decided_at).total_seconds()
        says_the_same = bool(found) if image_hash else 0.0 <= age_s <= self.spec.deadline_s
        number = found[0].inspection_id if found else None
        return Asked(result, inspection_id=number, is_repeat=True, passes=result.passes and says_the_same)

    # On the line's own thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._loop.must_stop():
                self._changed.clear()
                wait_s = self._reconcile()
                if not self._loop.must_stop():
                    self._changed.wait(wait_s)
        finally:
            self._end()

    def _reconcile(self) -> float:
        """Do what is wanted; for how long there is nothing else to do."""
        if not self._wanted:
            self._failure = ""
            self._end()
            return _FOR_EVER_S
        if self._running is not None and self._running.version.recipe.product == self._product and not self._anew:
            return _FOR_EVER_S
        self._anew = False
        self._end()
        self._is_opening = True
        try:
            self._begin()
        except FiloError as error:
            if str(error) != self._failure:
                logger.warning("line %s cannot start: %s", self.name, error)
            self._failure = str(error)
            return _AGAIN_S
        finally:
            self._is_opening = False
        self._failure = ""
        return _FOR_EVER_S

    def _begin(self) -> None:
        shop, spec = self._shop, self.spec
        if why := shop.allowed(self.name, spec):
            raise NotAskedError("{why}", why=why)
        version = shop.catalogue.recipe(self._product)
        recipe = version.recipe
        views = judging_views(shop.catalogue, recipe)
        sources = wished_sources(recipe.product, views, spec.sources, spec.triggers or ())
        otherwise = () if not sources else (TriggerKind.CONTINUOUS.value,)
        wish = line_wish(
            sources, spec.triggers, spec.outputs, spec.ca_file, spec.deadline_s, shop.settings, otherwise=otherwise
        )
        recorder = PostedRecorder(shop.storage, recipe.product, station=self.name, operator=shop.operator)
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            detector = undo.enter_context(shop.make_model(shop.catalogue, recipe, views, shop.settings))
            outbox = self._folder / shop.settings.outbox.name
            line = undo.enter_context(made_line(wish, recipe, views, detector, recorder, shop.seal, outbox, self._take))
            line.start()
            if line.recovered:
                logger.warning("line %s: %d parts of an earlier start are NOT_INSPECTED", self.name, line.recovered)
            with self._lock:
                self._running = _Running(line, recorder, detector, version, time.monotonic(), undo.pop_all())
        logger.info("line %s runs with %s, recipe %d", self.name, recipe.product, version.version)

    def _end(self) -> None:
        with self._lock:
            running, self._running = self._running, None
        if running is None:
            return
        # Nobody asks any more through the API; who asked waits for the answer, the deadline at most.
        until = time.monotonic() + running.line.deadline_s
        while running.line.station.is_busy and not running.line.sources and time.monotonic() < until:
            time.sleep(0.01)
        running.ending.close()
        logger.info("line %s stands still", self.name)

    def _take(self, result: LineResult, _inspection: Inspection | None) -> None:
        self._on_answer(self.name, result)

    # What is kept ----------------------------------------------------------------------------------------------

    def _wish(self, *, runs: bool, product: str, anew: bool = False) -> None:
        with self._lock:
            self._keep({"runs": runs, "product": product, "instead_of": self.spec.product})
            self._wanted, self._product, self._anew = runs, product, anew
        self._changed.set()

    def _keep(self, content: dict[str, Any]) -> None:
        path = self._folder / "wanted.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_private(path, json.dumps(content, ensure_ascii=False).encode())
        except OSError as error:
            raise NotAskedError(
                "{path} cannot be written: {reason}. Free some space, then try again.",
                path=path,
                reason=error.strerror or type(error).__name__,
            ) from error

    def _kept(self) -> dict[str, Any]:
        try:
            found = json.loads((self._folder / "wanted.json").read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict) or not isinstance(found.get("product"), str):
            return {}
        if found.get("instead_of") != self.spec.product:
            # Somebody wrote another product into the file since: that counts.
            return {}
        return {"product": found["product"], "runs": found.get("runs") is True}


def _refuse(line: Line, name: str, picture: SourceImage | None) -> None:
    if picture is not None and line.views is not None:
        raise NotAskedError(
            "{product} has several views, and one picture was sent. Ask without a picture: its cameras are looked "
            "through.",
            product=line.recipe.product,
        )
    if picture is None and not line.sources:
        raise NotAskedError("The line {name} has no camera. Send a picture.", name=name)


def _put(asked: OrderedDict[str, str], trigger_id: str, image_hash: str) -> None:
    asked[trigger_id] = image_hash
    asked.move_to_end(trigger_id)
    if len(asked) > _REMEMBERED:
        asked.popitem(last=False)
