"""The row under the anomaly list: see what each phrase lights up on good parts, or why one cannot."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.products.wizard.phrase_dialog import PhraseDialog
from gui.products.wizard.phrase_preview import PhrasePreview
from gui.products.wizard.session import DraftSession
from gui.widgets.controls import button, plain_label, set_shown


class PhraseBar(QWidget):
    """A button and a sentence; the pictures come in a dialog of their own."""

    changed = Signal()
    """What is known of the phrases may be another."""
    warned = Signal(str)
    """A sentence that names the phrases that fire on good parts."""
    failed = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preview = PhrasePreview(session, self)
        self.look_button = button(
            self.tr("&Preview on good parts"), "heat", tip=self.tr("See what each phrase lights up on the good images")
        )
        self.stop_button = button(self.tr("Stop"), "stop")
        self.sentence = plain_label("", "hint")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.look_button)
        row.addWidget(self.stop_button)
        row.addWidget(self.sentence, 1)
        self.look_button.clicked.connect(self.preview.start)
        self.stop_button.clicked.connect(self.preview.cancel)
        self.preview.changed.connect(self.refresh)
        self.preview.running_changed.connect(self._on_running_changed)
        self.preview.progressed.connect(self._on_progressed)
        self.preview.problem_found.connect(self.failed)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what can be done now."""
        hindrance, running = self.preview.hindrance, self.preview.is_running
        set_shown(self.look_button, self.preview.tells_types and not running)
        self.look_button.setEnabled(not hindrance)
        set_shown(self.stop_button, running)
        self.sentence.setText(self.preview.strange or hindrance)
        self.changed.emit()

    def show_pictures(self) -> None:
        """Show the pictures of what was seen."""
        dialog = PhraseDialog(self.preview, self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.refresh()
        if running or not self.isVisible() or not self.preview.phrases():
            return
        warning = self.preview.warning()
        if warning:
            self.warned.emit(warning)
        self.show_pictures()

    @Slot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        text = self.tr("Looking at the good images: %1 of %2").replace("%1", str(done)).replace("%2", str(total))
        self.sentence.setText(text)
