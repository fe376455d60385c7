"""What all screens share: the open workbench, the product in hand, who is working, and how the model is doing.

A screen is built with the state alone: ``Panel(state)``. It reads the workbench from it, and it asks for another
screen by :meth:`AppState.request_screen` instead of knowing the main window.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.background import asked
from gui.input_guard import guard_input

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from filo_core.types import Eyes, Inspection
    from storage.repositories.users import User
    from workflows.settings.settings import Settings
    from workflows.workbench import Workbench


class Screen(StrEnum):
    """The screens of the main window, in the order of the navigation."""

    PRODUCTS = "products"
    LIVE = "live"
    FOLDER = "folder"
    REVIEW = "review"
    STATISTICS = "statistics"
    SETTINGS = "settings"


class Badge(StrEnum):
    """What the navigation says of a screen that is not looked at."""

    NONE = "none"
    RUNS = "runs"
    WAITS = "waits"
    """An NG waits there for somebody."""


class ModelState(StrEnum):
    """How far the model is, as the window shows it."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class AppState(QObject):
    """Shared state of the window. Lives on the GUI thread; every signal is emitted there."""

    workbench_opened = Signal()
    current_product_changed = Signal(str)
    products_changed = Signal()
    """A product was created, changed, signed off, imported or deleted."""
    operator_changed = Signal(str)
    model_changed = Signal()
    """``model_state``, ``model_problem``, ``trained`` or ``profile`` changed."""
    inspection_recorded = Signal(object)
    """An :class:`~filo_core.types.Inspection` was written to the record."""
    review_recorded = Signal(object)
    """An :class:`~filo_core.types.InspectionRecord` got a review."""
    settings_changed = Signal(object)
    """The :class:`~workflows.settings.settings.Settings` that are in force from now on."""
    alarms_changed = Signal()
    """``alarms`` changed."""
    screen_requested = Signal(str, str)
    """A :class:`Screen` and the product to open it with (empty: keep the current one)."""

    def __init__(self, operator: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Whoever has the state shows something: no window, and no part of one, does without these rules.
        guard_input()
        self._workbench: Workbench | None = None
        self._settings: Settings | None = None
        self._current_product = ""
        self._operator = operator
        self._model_state = ModelState.LOADING
        self._model_problem = self._model_note = ""
        self._screens_at_work: Callable[[], Sequence[Screen]] = tuple
        self._wanted_job: tuple[str, datetime, str] | None = None
        self._alarms: dict[str, tuple[str, ...]] = {}

    @property
    def is_open(self) -> bool:
        """True once the database is open."""
        return self._workbench is not None

    @property
    def workbench(self) -> Workbench:
        """The open workbench; screens are only built once there is one."""
        assert self._workbench is not None, "the workbench is opened before any screen is built"
        return self._workbench

    def set_workbench(self, workbench: Workbench) -> None:
        """Hand over the opened workbench, once."""
        self._workbench = workbench
        self.workbench_opened.emit()

    @property
    def settings(self) -> Settings:
        """The settings in force: those the workbench was opened with, and what was changed since."""
        return self._settings or self.workbench.settings

    def set_settings(self, settings: Settings) -> None:
        """Put changed settings in force."""
        if settings != self.settings:
            self._settings = settings
            self.settings_changed.emit(settings)

    @property
    def current_product(self) -> str:
        """Name of the product in hand, empty when none is chosen."""
        return self._current_product

    def set_current_product(self, name: str) -> None:
        """Choose the product that Live, Folder and Review start with."""
        if name != self._current_product:
            self._current_product = name
            self.current_product_changed.emit(name)

    @property
    def operator(self) -> str:
        """Who is working: signs recipes, stands as reviewer."""
        return self._operator

    def set_operator(self, name: str) -> None:
        """Change who is working."""
        if name != self._operator:
            self._operator = name
            self.operator_changed.emit(name)

    def refresh_operator(self) -> None:
        """Once there are users, who is working is who is signed in; a session may have timed out meanwhile."""
        if self._workbench is not None:
            self.take_signed_in(asked(self.read_signed_in))

    def read_signed_in(self) -> str | None:
        """Who is signed in, empty for nobody; None where nobody has to sign in. Any thread but the window's."""
        access = self.workbench.access
        if not access.is_needed:
            return None
        user = access.user
        return user.name if user is not None else ""

    def take_signed_in(self, name: str | None) -> None:
        """Take over what :meth:`read_signed_in` has found."""
        if name is not None:
            self.set_operator(name)

    @property
    def asks_for_sign_in(self) -> bool:
        """True once there are users: what changes the record needs one of them."""
        access = self.workbench.access
        return asked(lambda: access.is_needed)

    @property
    def signed_in(self) -> User | None:
        """Who is signed in; None when nobody is."""
        access = self.workbench.access
        return asked(lambda: access.user)

    @property
    def model_state(self) -> ModelState:
        """Whether the model is loading, ready or failed."""
        return self._model_state

    @property
    def model_problem(self) -> str:
        """Why the model could not be loaded, as a sentence; empty unless it failed."""
        return self._model_problem

    @property
    def model_note(self) -> str:
        """What a model that is ready has to say, as a sentence: it has moved to another device."""
        return self._model_note

    @property
    def trained(self) -> bool | None:
        """Whether the loaded weights are trained; None until a model is loaded."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return None if engine is None else engine.trained

    @property
    def names_types(self) -> bool:
        """Whether the profile in use tells anomaly types apart; what the shipped one says while none is loaded."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return engine is not None and engine.names_types

    @property
    def asks_for_list(self) -> bool:
        """Whether a product needs a list of what can go wrong: where it names regions only, the usual one will do."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return engine is not None and engine.lights_phrases

    @property
    def starts_without_pictures(self) -> bool:
        """Whether the profile in use judges by words alone, before there is any good image."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return engine is not None and engine.starts_without_pictures

    @property
    def usual_eyes(self) -> Eyes | None:
        """What products are looked at with; None while no model is loaded, and where there is one way to look."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return None if engine is None else engine.usual_eyes

    @property
    def profile(self) -> str:
        """Name of the model profile in use, or the one asked for while it is loading."""
        if self._workbench is None:
            return ""
        engine = self._workbench.worker.engine
        return self.settings.profile if engine is None else engine.profile

    @property
    def device(self) -> str:
        """What the model computes on; empty until it is loaded."""
        engine = self._workbench.worker.engine if self._workbench is not None else None
        return "" if engine is None else engine.device

    def set_model_state(self, state: ModelState, problem: str = "") -> None:
        """Take over what the worker says about the model."""
        self._model_state = state
        self._model_problem = problem if state is ModelState.FAILED else ""
        self._model_note = problem if state is ModelState.READY else ""
        self.model_changed.emit()

    @property
    def alarms(self) -> tuple[str, ...]:
        """What is wrong with the record itself, as sentences; shown above every screen."""
        return tuple(sentence for said in self._alarms.values() for sentence in said)

    def set_alarms(self, source: str, *sentences: str) -> None:
        """What one ``source`` of alarms finds wrong now, in place of what it said before; nothing once all is well."""
        said = tuple(sentence for sentence in sentences if sentence)
        if said != self._alarms.get(source, ()):
            self._alarms[source] = said
            self.alarms_changed.emit()

    def report_inspection(self, inspection: Inspection) -> None:
        """Tell all screens that a verdict was written to the record."""
        self.inspection_recorded.emit(inspection)

    @property
    def screens_at_work(self) -> Sequence[Screen]:
        """Screens that inspect just now."""
        return self._screens_at_work()

    def set_screens_at_work(self, tell: Callable[[], Sequence[Screen]]) -> None:
        """Whom to ask for :attr:`screens_at_work`: the window, which has built them."""
        self._screens_at_work = tell

    def request_review(self, product: str, job: str, since: datetime, title: str) -> None:
        """Ask for Review with what one job has inspected; it takes the wish by :meth:`take_wanted_job`."""
        self._wanted_job = (job, since, title)
        self.request_screen(Screen.REVIEW, product)

    def take_wanted_job(self) -> tuple[str, datetime, str] | None:
        """Name, begin and title of the job that Review was asked for, once."""
        wanted, self._wanted_job = self._wanted_job, None
        return wanted

    def request_screen(self, screen: Screen, product: str = "") -> None:
        """Ask the main window for ``screen``, with ``product`` in hand when one is named."""
        if product:
            self.set_current_product(product)
        self.screen_requested.emit(screen.value, product)
