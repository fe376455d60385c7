"""The logic of the Live screen: starts and stops a source, takes verdicts from the worker, watches the camera."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from filo_core.errors import FiloError, IdentityError, SourceError
from filo_core.identifying import identity_of
from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import TriggerKind
from filo_core.types import Inspection, Limits, Verdict
from gui.background import Background, asked, sentence_of, wait_while_painting
from gui.canvas.pictures import PictureContent
from gui.live.display import Display, Hold
from gui.live.facts import Banner, Live, LiveFacts, facts_of, health_of
from gui.live.recognising import Recognising
from gui.live.results import LiveResult
from gui.live.totals import ShiftTotals
from gui.live.wording import caption_of, waiting_text
from gui.sources.choice import SourceChoice, SourceKind, make_source
from gui.state import AppState, Screen
from gui.widgets.verdicts import verdict_word
from gui.wording import clock
from workflows.line.delivery import DeliveryState
from workflows.line.triggered import TriggeredInspection
from workflows.line.triggers import TriggerChoice
from workflows.products.views import sources_of
from workflows.settings.secret_store import SecretStore

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame, ImageSource
    from workflows.settings.settings import Settings

WATCH_EVERY_MS = 100
"""A lost camera is on screen within two of these."""
STALE_AFTER_S = 3.0
VERDICT_SHOWN_S = 1.5
"""So long the judged picture stays before the camera's view takes its place."""
LOCKED_S = 0.3
"""After an acknowledgement no key triggers for so long: a hand that hits two keys means one."""
SLOW_END_S = 0.5
"""A stop that takes longer says what it waits for."""
_WAITING_ROOM = 64
_REFUSED = frozenset({Verdict.NG, Verdict.NOT_INSPECTED})


class LivePhase(StrEnum):
    """How far live inspection is."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"


class LivePresenter(QObject):
    """Works without any widget. Every signal is emitted on the GUI thread."""

    phase_changed = Signal()
    display_changed = Signal()
    """``display``, and with it the picture, changed."""
    strip_changed = Signal()
    facts_changed = Signal()
    """``facts`` or ``banner`` changed."""
    refused = Signal()
    """A part is NG or was not inspected; once for all that arrived together."""
    readiness_changed = Signal()
    """``takes_key`` changed."""
    view_changed = Signal()
    """``view`` changed: what the camera sees between two triggers."""
    totals_changed = Signal()
    failed = Signal(str, str)
    """A sentence and the details."""
    noted = Signal(str)
    """Something to know, as a sentence."""

    _arrived = Signal()

    def __init__(
        self,
        state: AppState,
        source_maker: Callable[[SourceChoice], ImageSource] | None = None,
        now: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._state = state
        self._make_source = source_maker or (lambda choice: make_source(choice, state.settings))
        self._background = Background()
        self._live: Live | None = None
        self._took_key = False
        self._choice: SourceChoice | None = None
        # Filled on the worker's thread; a window that cannot keep up loses the oldest, never the record.
        self._waiting: deque[tuple[int, float, Inspection, LiveResult]] = deque(maxlen=_WAITING_ROOM)
        self._run = 0
        self._stopped_at = 0.0
        self._acknowledged_at = -LOCKED_S
        self._verdict_at: float | None = None
        self._lost_at: float | None = None
        """When the camera was last seen lost; None once a picture of later has its verdict."""
        self.totals = ShiftTotals()
        self.view: PictureContent | None = None
        """What the camera sees, while nothing else has to be looked at; None where the judged picture is shown."""
        self._viewing = Background()
        self.recognising = Recognising(state, self)
        """Whether what is shown is of a known part."""
        self.recognising.recognised.connect(self.display_changed)
        self._has_run = False
        self.phase = LivePhase.IDLE
        self.display: Display[LiveResult] = Display()
        self.facts = LiveFacts()
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_EVERY_MS)
        self._watch.timeout.connect(self._on_watch)
        state.model_changed.connect(self.facts_changed)
        state.settings_changed.connect(self._on_settings_changed)

    # Wishes ----------------------------------------------------------------------------------------------------

    def start(
        self,
        product: str,
        choice: SourceChoice,
        trigger: TriggerChoice | None = None,
        *,
        deadline_s: float | None = None,
    ) -> None:
        """Inspect what the chosen source shows, whenever the trigger asks, under the newest recipe version.

        Args:
            product: its name.
            choice: where pictures come from.
            trigger: what asks; continuous when not given.
            deadline_s: longest time from a trigger to its answer; that of the settings when not given.
        """
        if self.phase is not LivePhase.IDLE:
            return
        self._run += 1
        try:
            live = asked(lambda: self._started(product, choice, trigger or TriggerChoice(), deadline_s))
        except FiloError as error:
            self.failed.emit(*sentence_of(error))
            return
        self._live, self._choice = live, choice
        self._state.workbench.alarm_watch.follow(Screen.LIVE.value, health_of(live))
        self._has_run = True
        self.totals.begin(product)
        self.totals_changed.emit()
        self._verdict_at = self._lost_at = None
        self._waiting.clear()
        self.display.clear()
        self._set_phase(LivePhase.RUNNING)
        self._watch.start()
        self._on_watch()
        self.display_changed.emit()
        self.strip_changed.emit()

    def _started(self, product: str, choice: SourceChoice, trigger: TriggerChoice, deadline_s: float | None) -> Live:
        """Elsewhere: what is begun reads the recipe in force."""
        settings = self._state.settings
        if deadline_s is not None:
            settings = settings.model_copy(update={"deadline_s": deadline_s})
        live = self._made(product, choice, trigger, settings)
        live.start()
        return live

    def _made(self, product: str, choice: SourceChoice, trigger: TriggerChoice, settings: Settings) -> Live:
        inspector, run = self._state.workbench.inspector, self._run

        def take(inspection: Inspection) -> None:
            self._take(run, live, inspection)

        live: Live
        if views := inspector.views(product):
            sources: list[ImageSource] = []
            if trigger.kind is TriggerKind.FOLDER:
                trigger = _watched(choice)
            else:
                secrets = SecretStore(settings.home)
                addresses = [secrets.filled(source) for source in sources_of(product, views, ())]
                cameras = [SourceChoice(SourceKind.ADDRESS, address) for address in addresses]
                sources = [self._make_source(camera) for camera in cameras]
            live = inspector.triggered_views(product, sources, trigger, settings, take)
            return live
        if trigger.kind is TriggerKind.CONTINUOUS:
            live = inspector.live(product, self._make_source(choice), settings, take)
            return live
        source = None
        if trigger.kind is TriggerKind.FOLDER:
            trigger = _watched(choice)
        else:
            source = self._make_source(choice)
        live = inspector.triggered(product, source, trigger, settings, take)
        return live

    def trigger(self) -> bool:
        """The key was pressed, or a scanner has sent its Enter: ask for one verdict.

        Returns:
            False where nothing listens, and for :data:`LOCKED_S` after an acknowledgement.
        """
        if not isinstance(self._live, TriggeredInspection):
            return False
        if self._now() - self._acknowledged_at < LOCKED_S:
            self.noted.emit(self.tr("Not inspected: the key came with the acknowledgement. Press Enter again."))
            return False
        live = self._live
        if not live.is_ready or live.choice.kind is not TriggerKind.KEY:
            return False
        # The trigger is kept before it is judged, and another program may hold what keeps it. Come back afterwards: a
        # PLC must not read the verdict on the part before any more.
        pressed = time.monotonic()
        return asked(lambda: live.ask(pressed)) is not None

    def scan(self, code: str) -> None:
        """A scanner read the code of the next part; where the key asks for verdicts, it asks for this one."""
        live = self._live
        if live is None:
            self.noted.emit(self.tr("Nothing is inspected now: the scan was not taken. Press Start, then scan again."))
            return
        try:
            live.scanned.put(identity_of({"serial": code}))
        except IdentityError as error:
            self.failed.emit(*sentence_of(error))
            return
        if self._trigger_kind() is TriggerKind.KEY:
            self.trigger()
        self._refresh_facts()

    def forget_scan(self) -> None:
        """What was scanned was the wrong part."""
        if self._live is not None:
            self._live.scanned.take()
            self._refresh_facts()

    @property
    def takes_key(self) -> bool:
        """True while a press of the key asks for a verdict: one before the camera is open could only be missed."""
        live = self._live
        if not isinstance(live, TriggeredInspection) or live.choice.kind is not TriggerKind.KEY or not live.is_ready:
            return False
        return live.source is None or live.source.state is not SourceState.OPENING

    @property
    def is_triggered(self) -> bool:
        """True while something else than the camera's pace asks for the verdicts."""
        return isinstance(self._live, TriggeredInspection)

    def stop(self) -> None:
        """End after the frame in work; the last verdict stays on screen."""
        if self.phase is not LivePhase.RUNNING or self._live is None:
            return
        self._stopped_at = time.monotonic()
        self._set_phase(LivePhase.STOPPING)
        # A camera that hangs takes seconds to be killed.
        self._background.run(self._live.stop, lambda _: self._end(), self._on_stop_failed)

    def close_down(self) -> None:
        """End now, and wait for it; the window paints meanwhile."""
        self._watch.stop()
        self._background.close()
        self._viewing.close()
        self.recognising.close()
        self._run += 1
        live, self._live = self._live, None
        if live is not None:
            self._state.workbench.alarm_watch.leave(Screen.LIVE.value)
            wait_while_painting(live.stop)
        self.phase = LivePhase.IDLE

    def acknowledge(self) -> None:
        """Go on after an NG, or after looking back."""
        if self.display.hold is not Hold.NONE:
            self._acknowledged_at = self._now()
            self.display.release()
            self._tell_display()

    def look_at(self, index: int) -> None:
        """Hold one of the last verdicts."""
        before = self.display.shown
        self.display.look_at(index)
        if self.display.shown is not before:
            self._tell_display()

    def set_freeze_on_ng(self, freeze: bool) -> None:
        """Switch freezing on NG."""
        self.display.set_freeze_on_ng(freeze)
        self._tell_display()

    # What to show ----------------------------------------------------------------------------------------------

    @property
    def banner(self) -> Banner:
        """A lost camera first, then a held verdict, what keeps the part from being judged, the newest verdict."""
        shown = self.display.shown
        if self.is_camera_lost:
            return Banner(Verdict.NOT_INSPECTED, self._lost_text())
        if self.display.hold is not Hold.NONE and shown is not None:
            caption = caption_of(shown, self.display.hold, self.display.ng_meanwhile)
            return Banner(shown.verdict, caption, held=True, number=shown.number)
        if self.phase is LivePhase.IDLE and self._has_run:
            return Banner(None, self._stopped_text(), word=self.tr("STOPPED"))
        why = self._why_nothing_is_judged() if self.phase is LivePhase.RUNNING else ""
        if why:
            return Banner(Verdict.NOT_INSPECTED, why)
        if shown is None:
            state = self._state
            running = self.phase is LivePhase.RUNNING
            return Banner(None, waiting_text(running, self.facts.camera, state.model_state, self._trigger_kind()))
        return Banner(shown.verdict, caption_of(shown, Hold.NONE, 0), number=shown.number)

    def _stopped_text(self) -> str:
        """No part is inspected: the last verdict is said in words alone, or it would be taken for the next part's."""
        last = self.display.newest
        if last is None:
            return self.tr("Nothing is inspected now.")
        moment = clock(last.inspected_at.astimezone(), seconds=True)
        text = self.tr("Nothing is inspected now. The last one was %1, at %2.")
        return text.replace("%1", verdict_word(last.verdict)).replace("%2", moment)

    @property
    def is_camera_lost(self) -> bool:
        """True until a picture of later than the loss has its verdict, or the next run begins."""
        return self._lost_at is not None

    def _lost_text(self) -> str:
        if self.phase is not LivePhase.RUNNING:
            text = self.tr("Stopped while the camera gave no picture.")
        elif self.facts.camera is not SourceState.RUNNING:
            text = self.tr("The camera gives no new picture.")
        else:
            text = self.tr("The camera is back. Waiting for its first verdict.")
        waiting = self.display.hold is Hold.NG
        return f"{text}  ·  {self.tr('An NG waits to be acknowledged.')}" if waiting else text

    def _why_nothing_is_judged(self) -> str:
        """Why the newest verdict says nothing of the part that lies there now; empty where it does."""
        if self.facts.judging_problem:
            return self.tr("The picture could not be judged or kept.")
        if self.display.shown is not None and not self.is_triggered and self._is_stale():
            return self.tr("No new verdict for several seconds.")
        return ""

    @property
    def source_name(self) -> str:
        """Name of the running source, without any password in it; empty when none runs."""
        live = self._live
        if live is None:
            return ""
        return live.name if isinstance(live, TriggeredInspection) else live.source.name

    @property
    def problem(self) -> str:
        """What is wrong with the camera, the judging or the model now, as a sentence; empty when all is well."""
        return self.facts.camera_problem or self.facts.judging_problem or self.facts.model_note

    @property
    def ending(self) -> str:
        """What a stop waits for, once it takes longer than a moment; empty otherwise."""
        if self.phase is not LivePhase.STOPPING or time.monotonic() - self._stopped_at < SLOW_END_S:
            return ""
        return self.tr("Delivering what is left…") if self.facts.delivery.waiting else self.tr("Ending the inspection…")

    @property
    def delivery(self) -> DeliveryState:
        """How verdicts get to the outputs; while nothing runs, with what the run before has left."""
        if self._live is not None:
            return self.facts.delivery
        outputs = sum(output.is_delivered for output in self._state.settings.outputs)
        return replace(self.facts.delivery, outputs=outputs) if outputs else DeliveryState()

    def _trigger_kind(self) -> TriggerKind:
        live = self._live
        return live.choice.kind if isinstance(live, TriggeredInspection) else TriggerKind.CONTINUOUS

    def _is_stale(self) -> bool:
        patience = STALE_AFTER_S + (2 * self._choice.seconds_per_image if self._choice else 0.0)
        return self._verdict_at is not None and time.monotonic() - self._verdict_at > patience

    # From the worker's thread ----------------------------------------------------------------------------------

    def _take(self, run: int, live: Live, inspection: Inspection) -> None:
        limits: Limits = live.recipe_version.recipe.limits
        captured_at = time.monotonic() - (inspection.frame_age_ms or 0.0) / 1000.0
        self._waiting.append(
            (run, captured_at, inspection, LiveResult.of(inspection, limits, live.recipe_version.recipe))
        )
        self._arrived.emit()

    @Slot()
    def _on_arrived(self) -> None:
        if not self._waiting:
            return
        on_screen = is_refused = False
        while self._waiting:
            run, captured_at, inspection, result = self._waiting.popleft()
            if run != self._run:
                continue
            if self._lost_at is not None and captured_at > self._lost_at:
                self._lost_at = None
            self._verdict_at = time.monotonic()
            result = replace(result, number=self.totals.add(inspection.verdict, inspection.inspected_at))
            on_screen = self.display.take(result, result.kept()) or on_screen
            is_refused = is_refused or inspection.verdict in _REFUSED
            self._state.report_inspection(inspection)
            self.recognising.look(self.totals.product, inspection)
        if is_refused:
            self.refused.emit()
        self.strip_changed.emit()
        self.totals_changed.emit()
        if on_screen:
            self._set_view(None)
            self.display_changed.emit()
        self._refresh_facts()

    def begin_shift(self) -> None:
        """Count from nothing."""
        self.totals.reset()
        self.totals_changed.emit()

    # The view of the camera ------------------------------------------------------------------------------------

    @property
    def shows_view(self) -> bool:
        """Whether the camera's view is what one needs now: to lay the next part by, once the verdict was seen."""
        live = self._live
        if not isinstance(live, TriggeredInspection) or self.phase is not LivePhase.RUNNING:
            return False
        seen = self._verdict_at is None or self._now() - self._verdict_at >= VERDICT_SHOWN_S
        return seen and self.display.hold is Hold.NONE and not self.is_camera_lost

    def _look(self) -> None:
        live = self._live
        if not isinstance(live, TriggeredInspection) or not self.shows_view:
            self._set_view(None)
        elif not self._viewing.is_busy:
            self._viewing.run(live.look, self._take_view, lambda _: None)

    def _take_view(self, frame: Frame | None) -> None:
        if frame is not None and self.shows_view and (self.view is None or self.view.pixels is not frame.pixels):
            self._set_view(PictureContent(frame.pixels))

    def _set_view(self, view: PictureContent | None) -> None:
        if view is not self.view:
            self.view = view
            self.view_changed.emit()

    # Watching --------------------------------------------------------------------------------------------------

    @Slot()
    def _on_watch(self) -> None:
        self._refresh_facts()
        self._look()
        live = self._live
        if self.phase is LivePhase.RUNNING and live is not None and not live.is_running:
            # Played to its end, or the worker is gone.
            self.stop()

    def _refresh_facts(self) -> None:
        if self._live is None:
            return
        self._tell_readiness()
        self.facts = facts_of(self._live, self._verdict_at)
        # Opened again in the middle of a run, it was lost as well.
        reopens = self.facts.camera is SourceState.OPENING and self.display.shown is not None
        if self.facts.camera is SourceState.LOST or reopens:
            self._lost_at = time.monotonic()
        self.facts_changed.emit()

    def _on_settings_changed(self) -> None:
        if self._live is None:
            # What waits may wait for an output that is none any more.
            self.facts = replace(self.facts, delivery=DeliveryState())
            self.facts_changed.emit()

    def _tell_readiness(self) -> None:
        if self.takes_key is not self._took_key:
            self._took_key = self.takes_key
            self.readiness_changed.emit()

    def _end(self) -> None:
        self._watch.stop()
        self._refresh_facts()
        self._set_view(None)
        failure = self._live.failure if isinstance(self._live, TriggeredInspection) else None
        self._live = None
        self._state.workbench.alarm_watch.leave(Screen.LIVE.value)
        self._tell_readiness()
        if failure is not None:
            self.failed.emit(*sentence_of(failure))
        self._run += 1
        self._set_phase(LivePhase.IDLE)
        self.facts_changed.emit()

    def _on_stop_failed(self, error: Exception) -> None:
        self._end()
        self.failed.emit(*sentence_of(error))

    def _set_phase(self, phase: LivePhase) -> None:
        self.phase = phase
        self.phase_changed.emit()

    def _tell_display(self) -> None:
        self.display_changed.emit()
        self.facts_changed.emit()


def _watched(choice: SourceChoice) -> TriggerChoice:
    """The folder that was chosen as the source, watched.

    Raises:
        SourceError: if none was.
    """
    if choice.kind is not SourceKind.FOLDER or not choice.value.strip():
        raise SourceError("No folder is chosen. Choose the folder to watch as the source.")
    return TriggerChoice(TriggerKind.FOLDER, choice.value.strip())
