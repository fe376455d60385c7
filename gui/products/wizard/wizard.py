"""The frame around the pages: where one is, what is missing, back and next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from filo_core.types import View, WizardStep
from gui.products.wizard.anomalies_page import AnomaliesPage
from gui.products.wizard.describe_page import DescribePage
from gui.products.wizard.missing_note import MissingNote
from gui.products.wizard.page import WizardPage
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.references_page import ReferencesPage
from gui.products.wizard.session import DraftSession
from gui.products.wizard.step_bar import StepBar
from gui.products.wizard.steps import STEPS, neighbour, resume_at, step_infos, step_purpose, step_title
from gui.products.wizard.view_bar import ViewBar
from gui.products.wizard.view_dialog import ask_for_view
from gui.state import AppState
from gui.theme import SPACE
from gui.widgets.column_area import LowArea
from gui.widgets.controls import ElidedLabel, button, plain_label, set_shown


class Wizard(QWidget):
    """From a name to a signed recipe. Everything is written as one goes, so one may leave at any time."""

    closed = Signal()
    """The user wants the product list back."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = DraftSession(state, self)
        self._pages: dict[WizardStep, WizardPage] = {
            page_type.step: page_type(self.session, self)
            for page_type in (DescribePage, AnomaliesPage, ReferencesPage, ProvePage)
        }
        self._current = STEPS[0]
        self.list_button = button(self.tr("All pr&oducts"), "back")
        self._title = ElidedLabel(parent=self)
        self._title.setProperty("role", "heading")
        self.step_bar = StepBar(self)
        self.view_bar = ViewBar(self)
        self._purpose = plain_label(role="hint")
        self._purpose.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._stack = QStackedWidget(self)
        self._frames = {step: LowArea(page, self) for step, page in self._pages.items()}
        for frame in self._frames.values():
            self._stack.addWidget(frame)
        self._missing = MissingNote(self)
        self.back_button = button(self.tr("&Back"), "back")
        self.next_button = button(self.tr("&Next"), primary=True)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.list_button)
        top.addWidget(self._title, 1)
        top.addWidget(self._purpose, 2)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.addWidget(self.back_button)
        bottom.addStretch(1)
        bottom.addWidget(self._missing, 2)
        bottom.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(self.step_bar)
        layout.addWidget(self.view_bar)
        layout.addWidget(self._stack, 1)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.list_button.clicked.connect(self._on_list_clicked)
        self.step_bar.step_requested.connect(self.go_to)
        self.view_bar.view_chosen.connect(self._on_view_chosen)
        self.view_bar.add_requested.connect(lambda: self._ask_for_view(None))
        self.view_bar.change_requested.connect(lambda: self._ask_for_view(self.view_bar.view))
        self.view_bar.remove_requested.connect(self._on_view_removed)
        self.back_button.clicked.connect(lambda: self._go_by(-1))
        self.next_button.clicked.connect(lambda: self._go_by(1))
        self.session.changed.connect(self._show_frame)
        self.session.limits_lost.connect(self._on_limits_lost)
        self.session.state.model_changed.connect(self._show_frame)
        describe = self._pages[WizardStep.DESCRIBE]
        assert isinstance(describe, DescribePage)
        describe.list_wanted.connect(lambda: self.go_to(WizardStep.ANOMALIES))
        for page in self._pages.values():
            page.completeness_changed.connect(self._show_frame)
            page.next_requested.connect(self.next_button.click)

    # Products --------------------------------------------------------------------------------------------------

    def start_new(self) -> None:
        """Begin with a product that has no name yet."""
        self.session.start_new()
        self._enter(WizardStep.DESCRIBE)

    def open(self, name: str) -> bool:
        """Go on with a product where it lacks something; False when it cannot be opened."""
        if not self.session.open(name):
            return False
        self._enter(resume_at(self.session.judged_draft))
        return True

    def close_down(self) -> None:
        """Write what is not written, and stop what runs."""
        self.page.leave()
        for page in self._pages.values():
            page.close_page()

    # Steps -----------------------------------------------------------------------------------------------------

    @property
    def current(self) -> WizardStep:
        """The step in view."""
        return self._current

    @property
    def page(self) -> WizardPage:
        """The page in view."""
        return self._pages[self._current]

    @property
    def missing_sentence(self) -> str:
        """What is said about the step in view; empty when it lacks nothing."""
        return self._missing.sentence

    @Slot(object)
    def go_to(self, step: WizardStep) -> None:
        """Show another step, once the page in view has written what it holds; signing is part of the last one."""
        step = STEPS[-1] if step is WizardStep.SIGN_OFF else step
        if step is self._current or not self.page.leave():
            self._show_frame()
            return
        if self.session.draft is None and step is not WizardStep.DESCRIBE:
            self._show_frame()
            return
        self._enter(step)

    def _go_by(self, offset: int) -> None:
        step = neighbour(self._current, offset, lists=self.session.state.asks_for_list)
        if step is not None:
            self.go_to(step)

    # Views -----------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_view_chosen(self, view: str) -> None:
        if self.page.leave():
            self.session.choose_view(view)
            self._enter(self._current)
        else:
            self._show_frame()

    def _ask_for_view(self, view: View | None) -> None:
        if not self.page.leave():
            return
        wish = ask_for_view(view, self)
        if wish is not None and self.session.put_view(wish.name, wish.suffix, wish.source):
            self._enter(self._current)

    @Slot()
    def _on_view_removed(self) -> None:
        view = self.view_bar.view
        if view is not None and self.page.leave() and self.session.take_view(view.name):
            self._enter(self._current)

    def _enter(self, step: WizardStep) -> None:
        self._current = step
        self.session.take_up(step)
        self._stack.setCurrentWidget(self._frames[step])
        self.page.enter()
        self._show_frame()

    @Slot()
    def _show_frame(self) -> None:
        step, draft, lists = self._current, self.session.judged_draft, self.session.state.asks_for_list
        by_words = self.session.state.starts_without_pictures
        self.step_bar.show_steps(step_infos(draft, lists=lists, by_words=by_words), step)
        own = step not in {WizardStep.DESCRIBE, WizardStep.ANOMALIES}
        may_add = own and step is WizardStep.REFERENCES and self.session.may_have_views
        self.view_bar.show_views(self.session.views if own else (), self.session.view, may_add=may_add)
        self._title.set_full_text(self.session.name or self.tr("New product"))
        self._purpose.setText(step_purpose(step))
        missing = self.page.missing()
        self._missing.say(missing)
        self.back_button.setEnabled(neighbour(step, -1, lists=lists) is not None)
        following = neighbour(step, 1, lists=lists)
        set_shown(self.next_button, following is not None)
        if following is not None:
            self.next_button.setText(self.tr("&Next: %1").replace("%1", step_title(following)))
            self.next_button.setAccessibleName(self.next_button.text().replace("&", ""))
        self.next_button.setEnabled(not missing)

    @Slot()
    def _on_limits_lost(self) -> None:
        if self._current is not WizardStep.CALIBRATE:
            self.page.message.show_note(
                self.tr("What was changed here makes the limits invalid. The last step sets them again.")
            )

    @Slot()
    def _on_list_clicked(self) -> None:
        if self.page.leave():
            self.closed.emit()
