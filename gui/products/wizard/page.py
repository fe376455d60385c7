"""What the pages of the wizard have in common."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from filo_core.types import WizardStep
from gui.products.wizard.session import DraftSession
from gui.theme import SPACE
from gui.widgets.message_fold import MessageFold


class WizardPage(QWidget):
    """One step. It shows the session's draft and writes to it; where to go next is the wizard's business."""

    completeness_changed = Signal()
    """:meth:`missing` may say something else now."""

    next_requested = Signal()
    """Enter was pressed where nothing else waits for it."""

    step: WizardStep

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.message = MessageFold(self)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACE)
        self.body.addWidget(self.message)

    def enter(self) -> None:
        """The page comes into view, or another product was opened: show the draft."""

    def leave(self) -> bool:
        """Write what is not written yet; False keeps the page in view, and the page says why."""
        return True

    def missing(self) -> str:
        """What the step still lacks, as a sentence; empty when it is complete."""
        return self.session.missing(self.step)

    def close_page(self) -> None:
        """Stop whatever runs for this page; it will not be shown again."""
