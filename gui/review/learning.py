"""A product's map learns from parts that people called NG: first what would be gained, then put in force or back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from filo_core.events import MapPutInForce, MapsTried
from filo_core.golden_set import GoldenChecked
from filo_core.learned_map import MapKind
from gui.background import Background, sentence_of
from gui.one_job import OneJob
from gui.pin_question import ask_for_pin
from gui.translation import in_language
from gui.widgets.question import Question, is_meant
from gui.wording import number, percentage

if TYPE_CHECKING:
    from filo_core.events import TriedMap
    from filo_core.types import Recipe
    from gui.state import AppState


class DefectLearning(QObject):
    """One job at a time; what comes of it is told in sentences."""

    noted = Signal(str)
    warned = Signal(str)
    failed = Signal(str)
    put_in_force = Signal(object)
    """A :class:`~filo_core.events.MapPutInForce`, also when it was taken back."""
    running_changed = Signal(bool)

    def __init__(self, state: AppState, window: QWidget) -> None:
        super().__init__(window)
        self._state = state
        self._window = window
        self._product = ""
        self._background = Background()
        self._job = OneJob(self)
        self._job.event_arrived.connect(self._on_event)
        self._job.failed.connect(lambda sentence, _details: self.failed.emit(sentence))
        self._job.running_changed.connect(self.running_changed)
        self._asks: MapsTried | None = None
        self._job.running_changed.connect(self._on_running_changed)

    @property
    def is_running(self) -> bool:
        """True while parts are looked at, or a map comes in force."""
        return self._job.is_running

    def begin(self, product: str) -> None:
        """Look what would be gained, and ask; where the map has learnt before, ask whether to take that back first."""
        if self.is_running or not product:
            return
        self._product, self._asks = product, None
        catalogue = self._state.workbench.catalogue
        self._background.run(lambda: catalogue.recipe(product).recipe, self._on_recipe, self._on_unread)

    def _on_recipe(self, recipe: Recipe) -> None:
        learned = recipe.learned_map
        if learned is not None and is_meant(self._taking_back(len(learned.learned_from)), self._window):
            self.forget(recipe.product)
            return
        self.noted.emit(self.tr("Looking at the parts that were called NG …"))
        self._submit(keeps=False)

    def _on_unread(self, error: Exception) -> None:
        self.failed.emit(sentence_of(error)[0])

    def forget(self, product: str) -> None:
        """Put the recipe from before the map learnt back in force."""
        pin = ask_for_pin(
            self._state, self.tr("The previous recipe takes effect again. Sign with your PIN again."), self._window
        )
        if pin is not None:
            inspector, operator = self._state.workbench.inspector, self._state.operator
            self._job.submit(lambda signals: inspector.forget_defects(product, operator, signals, pin=pin))

    def close(self) -> None:
        """Hear nothing any more; what was begun is finished."""
        self._job.close()
        self._background.close()

    def _submit(self, *, keeps: bool, pin: str = "") -> None:
        inspector, operator, product = self._state.workbench.inspector, self._state.operator, self._product
        self._job.submit(lambda signals: inspector.learn_defects(product, operator, signals, pin=pin, keeps=keeps))

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, MapsTried):
            self._asks = None if event.learned is None else event
            if event.learned is None:
                text = self.tr(
                    "%1 parts that were called NG were looked at. Nothing would be found clearly better, so nothing is "
                    "changed."
                )
                self.noted.emit(text.replace("%1", number(event.bad)))
        elif isinstance(event, MapPutInForce):
            self._asks = None
            self._state.products_changed.emit()
            self.noted.emit(self._told(event))
            self.put_in_force.emit(event)
        elif isinstance(event, GoldenChecked) and not event.passed:
            undo = self.tr("Nothing is inspected until it passes: take the learning back, or sign off with a reason.")
            self.warned.emit(f"{in_language(event.sentence)} {undo}")

    @Slot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if running or self._asks is None:
            return
        tried, self._asks = self._asks, None
        best = tried.chosen
        if best is None or not is_meant(self._question(tried, best), self._window):
            self.noted.emit(self.tr("Nothing is changed."))
            return
        why = self.tr("The limits are set again, and a new recipe judges from now on. Sign with your PIN again.")
        pin = ask_for_pin(self._state, why, self._window)
        if pin is None:
            self.noted.emit(self.tr("Nothing is changed."))
        else:
            self._submit(keeps=True, pin=pin)

    def _question(self, tried: MapsTried, best: TriedMap) -> Question:
        usual = tried.tried[0]
        text = self.tr("This product could learn from %1 parts that were called NG.").replace("%1", number(tried.bad))
        more = self.tr(
            "%1. %2 of %3 of them would stand out more, each judged as if it had never been seen. Pairs of a good and "
            "a bad part told apart: %4, now %5. Bad parts that would pass: %6, now %7. The limits are set again from "
            "the good parts, and the golden set is checked."
        )
        values = (
            self._kind(best.kind),
            number(best.higher),
            number(tried.bad),
            percentage(best.told_apart),
            percentage(usual.told_apart),
            number(best.missed),
            number(usual.missed),
        )
        for place, value in enumerate(values, start=1):
            more = more.replace(f"%{place}", value)
        return Question(self.tr("Learn from NG"), text, more, self.tr("Put in force"), self.tr("Leave it as it is"))

    def _taking_back(self, parts: int) -> Question:
        text = self.tr("This product has learnt from %1 parts that were called NG.").replace("%1", number(parts))
        more = self.tr("Take that back, or look whether there is more to learn by now?")
        return Question(self.tr("Learn from NG"), text, more, self.tr("Take it back"), self.tr("Look again"))

    def _told(self, event: MapPutInForce) -> str:
        text = self.tr("Learnt from parts that were called NG. Recipe version %1 is in force.")
        if event.undone:
            text = self.tr("What was learnt from NG parts is taken back. Recipe version %1 is in force.")
        return f"{text.replace('%1', number(event.version.version))} {event.calibration}".strip()

    def _kind(self, kind: MapKind) -> str:
        return {
            MapKind.USUAL: self.tr("As before"),
            MapKind.LIGHT: self.tr("Fine structure alone counts"),
            MapKind.DEEP: self.tr("Coarse structure alone counts"),
            MapKind.KNOWN: self.tr("What looks like a known defect counts more"),
        }[kind]
