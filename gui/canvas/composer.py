"""Composes the newest content for one view on a thread of its own; what came in between is never composed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from gui.background import Background
from gui.canvas.pictures import Composition, PictureContent, compose


class Composer(QObject):
    """Newest wins: at most one composition runs, and at most one request waits behind it."""

    composed = Signal(object)
    """A :class:`~gui.canvas.pictures.Composition`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background()
        self._waiting: tuple[PictureContent, float] | None = None
        self._running = False
        self._generation = 0

    def request(self, content: PictureContent, opacity: float) -> None:
        """Compose ``content`` next, in place of whatever waits."""
        self._waiting = (content, opacity)
        if not self._running:
            self._start()

    def forget(self) -> None:
        """Deliver nothing of what was asked for until now."""
        self._waiting = None
        self._generation += 1

    def close(self) -> None:
        """Stop the thread; call it before the view goes away."""
        self._waiting = None
        self._background.close()

    def _start(self) -> None:
        if self._waiting is None:
            return
        (content, opacity), self._waiting = self._waiting, None
        self._running = True
        generation = self._generation
        self._background.run(
            lambda: compose(content, opacity),
            lambda composition: self._on_composed(composition, generation),
            self._on_failed,
        )

    def _on_composed(self, composition: Composition, generation: int) -> None:
        self._running = False
        self._start()
        if generation == self._generation:
            self.composed.emit(composition)

    def _on_failed(self, error: Exception) -> None:
        self._running = False
        self._start()
        raise error
