"""Asks for an anomaly list away from the GUI thread: the language model where one is set up, else the library."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal

from filo_core.descriptions.library import AnomalyLibrary
from filo_core.descriptions.suggest import Suggestion, suggest
from filo_core.types import ProductDescription
from gui.background import Background
from workflows.settings.language_model import language_model_of
from workflows.settings.settings import Settings


class Suggester(QObject):
    """One question at a time. After :meth:`cancel` the answer is thrown away, whenever it comes."""

    suggested = Signal(object)
    """A :class:`Suggestion`."""
    failed = Signal(object)
    """The exception; nothing of it is the user's fault."""
    busy_changed = Signal(bool)

    def __init__(self, settings: Settings, library: AnomalyLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._language_model = language_model_of(settings)
        self._background = Background()
        self._cancelled: threading.Event | None = None

    def use_settings(self, settings: Settings) -> None:
        """Ask whom ``settings`` name from the next question on."""
        self._language_model = language_model_of(settings)

    @property
    def asks_language_model(self) -> bool:
        """True when a language model is set up; it may take its time."""
        return self._language_model is not None

    @property
    def is_busy(self) -> bool:
        """True while an answer is awaited."""
        return self._cancelled is not None

    def start(self, description: ProductDescription) -> None:
        """Ask what can go wrong with a product."""
        self.cancel()
        cancelled = self._cancelled = threading.Event()
        settings = self._language_model
        self.busy_changed.emit(True)
        self._background.run(
            lambda: suggest(description, settings, cancelled.is_set, self._library),
            lambda suggestion: self._finish(cancelled, suggestion),
            lambda error: self._fail(cancelled, error),
        )

    def cancel(self) -> None:
        """Do without the answer."""
        if self._cancelled is not None:
            self._cancelled.set()
            self._cancelled = None
            self.busy_changed.emit(False)

    def close(self) -> None:
        """Cancel, and stop the thread."""
        if self._cancelled is not None:
            self._cancelled.set()
            self._cancelled = None
        self._background.close()

    def _finish(self, question: threading.Event, suggestion: Suggestion) -> None:
        if self._end(question):
            self.suggested.emit(suggestion)

    def _fail(self, question: threading.Event, error: Exception) -> None:
        if self._end(question):
            self.failed.emit(error)

    def _end(self, question: threading.Event) -> bool:
        if question is not self._cancelled:
            return False
        self._cancelled = None
        self.busy_changed.emit(False)
        return True
