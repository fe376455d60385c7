"""The line's outputs: which there are, changed and tried out, without a widget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.background import Background, asked, sentence_of
from workflows.line.outputs import OutputEditor
from workflows.line.undelivered import Undelivered, discard, undelivered
from workflows.people.rights import Right
from workflows.settings.file import overridden_fields, variable_of
from workflows.settings.output_address import Output

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from gui.state import AppState
    from workflows.line.outputs import Outputs


@dataclass(frozen=True, slots=True)
class Removed:
    """What is needed to bring a removed output back. Its password cannot be printed."""

    output: Output
    password: SecretStr
    place: int


class OutputsPresenter(QObject):
    """Changes raise a :class:`~filo_core.errors.FiloError` with a sentence for the user when they cannot be made."""

    changed = Signal()
    """The outputs, or what waits for them."""
    checked = Signal(object, str)
    """An :class:`Output` was tried out: why it does not work, empty when it does."""
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._store = OutputEditor(state.settings.home, state.workbench.access, exports=state.settings.export_folder)
        self._background = Background()
        # A receiver that never answers must not keep the window from closing.
        self._checks = Background(waited_for=False)
        self._removed: Removed | None = None
        state.operator_changed.connect(self.changed)
        self.undelivered = Undelivered()
        """Verdicts that wait to be delivered."""

    @property
    def outputs(self) -> Outputs:
        """As they are in force."""
        return self._state.settings.outputs

    @property
    def exports(self) -> Path:
        """The folder that files are written below."""
        return self._state.settings.export_folder

    @property
    def may_change(self) -> bool:
        """Whether whoever is at work may change them."""
        user = self._state.signed_in
        return not self._state.asks_for_sign_in or (user is not None and Right.SETTINGS.is_given_to(user.role))

    @property
    def variable(self) -> str:
        """The variable that decides the outputs just now; empty where the screen does."""
        return variable_of("outputs") if "outputs" in overridden_fields() else ""

    def has_password(self, output: Output) -> bool:
        """Whether a password is kept for it; what it is stays unsaid."""
        return self._store.has_password(output)

    def put(self, output: Output, password: str | None, instead_of: Output | None = None) -> None:
        """Add an output, or change one; a password of None leaves what is kept."""
        self._use(asked(lambda: self._store.put(self.outputs, output, password, instead_of)))

    def remove(self, output: Output) -> None:
        """Take an output away; :meth:`undo` brings it back."""
        removed = Removed(output, self._store.password(output), self.outputs.index(output))
        self._use(asked(lambda: self._store.remove(self.outputs, output)))
        self._removed = removed

    @property
    def can_undo(self) -> bool:
        """Whether an output was taken away last."""
        return self._removed is not None

    def undo(self) -> None:
        """Bring the output back that was taken away last, with its password."""
        removed = self._removed
        if removed is None:
            return
        password = removed.password.get_secret_value() or None
        self._use(asked(lambda: self._store.put(self.outputs, removed.output, password, at=removed.place)))

    def check(self, output: Output, password: str | None = None) -> None:
        """Try an output out; ``checked`` tells how that went."""
        self._checks.run(
            partial(self._store.check, output, password),
            lambda _: self.checked.emit(output, ""),
            lambda error: self.checked.emit(output, sentence_of(error)[0]),
        )

    def refresh(self) -> None:
        """Count again what waits to be delivered."""
        if not self._background.is_busy:
            self._background.run(
                partial(undelivered, self._state.settings, self.outputs),
                self._on_counted,
                lambda error: self.failed.emit(*sentence_of(error)),
            )

    def discard(self, stray: str) -> int:
        """Give up the verdicts that wait for an output which is none any more; how many."""
        state = self._state
        bench = state.workbench
        count = asked(lambda: discard(bench.storage, bench.access, state.settings, stray, state.operator))
        self.refresh()
        return count

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._background.close()
        self._checks.close()

    def _on_counted(self, counted: Undelivered) -> None:
        if counted != self.undelivered:
            self.undelivered = counted
            self.changed.emit()

    def _use(self, outputs: Outputs) -> None:
        self._removed = None
        self._state.set_settings(self._state.settings.model_copy(update={"outputs": outputs}))
        self.changed.emit()
        # What waited for an output that was removed waits for none now.
        self.refresh()
