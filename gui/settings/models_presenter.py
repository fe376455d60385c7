"""The models that can be fetched: which are here, and the one that comes just now, without a widget."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.profiles.fetching import DownloadStoppedError
from gui.background import Background, sentence_of
from workflows.people.model_offers import fetch_model, model_offers
from workflows.people.rights import Right

if TYPE_CHECKING:
    from pathlib import Path

    from gui.state import AppState
    from workflows.people.model_offers import ModelOffer


@dataclass(frozen=True, slots=True)
class Arriving:
    """How far the file is that comes just now; a total of 0 is one that nobody knows."""

    file: str = ""
    done: int = 0
    total: int = 0


class ModelsPresenter(QObject):
    """One model is fetched at a time, on a thread that the window does not wait for: what has come is kept."""

    changed = Signal()
    """What is here, whether something comes, or who may ask for it."""
    installed = Signal(str)
    """Name of a model that is here now."""
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._fetching = Background(waited_for=False)
        self._stop = threading.Event()
        self.fetched = ""
        """Name of the model that comes just now; empty while none does."""
        self.arriving = Arriving()
        self.offers: tuple[ModelOffer, ...] = ()
        state.operator_changed.connect(self.changed)
        self.refresh()

    @property
    def may_install(self) -> bool:
        """Whether whoever is at work may install models."""
        user = self._state.signed_in
        return not self._state.asks_for_sign_in or (user is not None and Right.INSTALL.is_given_to(user.role))

    @property
    def is_stopping(self) -> bool:
        """Whether the download was told to stop and has not ended yet."""
        return bool(self.fetched) and self._stop.is_set()

    def refresh(self) -> None:
        """Look again at what is here."""
        self.offers = model_offers(self._state.settings.models)
        self.changed.emit()

    def fetch(self, name: str) -> None:
        """Fetch and install a model on offer; ``installed`` or ``failed`` tells how that went."""
        if self.fetched:
            return
        self._stop = threading.Event()
        self.fetched, self.arriving = name, Arriving()
        work = partial(
            fetch_model,
            self._state.workbench.access,
            self._state.settings.models,
            name,
            self._on_piece,
            self._stop.is_set,
        )
        self._fetching.run(work, self._on_done, self._on_failed)
        self.changed.emit()

    def stop(self) -> None:
        """End the download; what has come is kept for the next time."""
        self._stop.set()
        self.changed.emit()

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._stop.set()
        self._fetching.close()

    def _on_piece(self, file: str, done: int, total: int | None) -> None:
        # On the thread that fetches: the page looks at it when its own clock says so.
        self.arriving = Arriving(file, done, total or 0)

    def _on_done(self, folder: Path) -> None:
        del folder
        name = self._ended()
        self.installed.emit(name)

    def _on_failed(self, error: Exception) -> None:
        self._ended()
        if not isinstance(error, DownloadStoppedError):
            self.failed.emit(*sentence_of(error))

    def _ended(self) -> str:
        name, self.fetched = self.fetched, ""
        self.refresh()
        return name
