"""A walk over every dialog, as over the screens: names, the keyboard's way, visible focus, contrast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt, QThreadPool, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from filo_core.capability import CapabilityStudy, StudyPart, StudyPlan
from filo_core.types import InspectionFilter, Role, Verdict
from gui.about_dialog import AboutDialog
from gui.help_dialog import HelpDialog
from gui.languages import Languages
from gui.pin_question import PinDialog
from gui.products.golden_dialog import GoldenDialog
from gui.products.list_view import ProductListView
from gui.products.wizard.capture_dialog import CaptureDialog
from gui.products.wizard.sorting import SortingAnswers, SortingQuestion
from gui.products.wizard.sorting_dialog import SortingDialog
from gui.review.blind_dialog import BlindDialog
from gui.review.choice_bar import ChoiceBar, ChoiceQuestion
from gui.settings.output_dialog import OutputDialog
from gui.settings.outputs_page import OutputsPage
from gui.settings.users_page import UsersPage
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState
from gui.statistics.compare_dialog import CompareDialog
from gui.statistics.study.dialog import StudyDialog
from gui.statistics.study.presentation import StudyPresentation
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT
from tests.unit.gui.products.test_accessible import cut_off, too_small
from tests.unit.gui.walking import (
    WEAKEST,
    called,
    controls_of,
    in_place,
    is_inner,
    is_reached_by_arrows,
    strongest_contrast,
)
from workflows.settings.output_address import Output
from workflows.studies.studies import Studies
from workflows.workbench import Workbench

PIN = "740936"
Until = Callable[..., None]
Maker = Callable[[AppState, QWidget], QDialog]


def _signing_in(state: AppState, parent: QWidget) -> QDialog:
    state.workbench.users.add("Ada", Role.ADMIN, PIN)
    state.workbench.access.sign_in("Ada", PIN)
    dialog = SignInDialog(state, parent)
    dialog.name_edit.setText("Ada")
    dialog.pin_edit.setText("000000")
    dialog.try_to_sign_in()
    return dialog


def _user(state: AppState, parent: QWidget) -> QDialog:
    dialog = UsersPage(state, parent).user_dialog()
    dialog.try_it()
    return dialog


def _output(state: AppState, parent: QWidget) -> QDialog:
    output = Output.of("mqtt", "broker/line", secure=True, user="anna")
    dialog = OutputDialog(OutputsPage(state, parent).presenter, output, parent)
    dialog.message.show_error("The broker is away. Check it.")
    return dialog


def _blind(state: AppState, parent: QWidget) -> QDialog:
    history = state.workbench.history
    return BlindDialog(history, history.page(InspectionFilter(), limit=3), "Sue", parent)


def _presentation(state: AppState, parent: QWidget) -> QDialog:
    part = StudyPart("a" * 64, "part.png", Verdict.NG)
    plan = StudyPlan("metal nut", 1, "h", (part,), ("Sue",), 3, "k")
    study = CapabilityStudy(1, plan, "Sue", datetime.now(UTC), ())
    return StudyPresentation(Studies(state.workbench.storage), study, "Sue", parent)


def _sorting(state: AppState, parent: QWidget) -> QDialog:
    folder = state.settings.home / "unsorted"
    folder.mkdir(exist_ok=True)
    dialog = SortingDialog(state, folder, parent)
    dialog.answers = SortingAnswers((SortingQuestion(state.settings.home / "part.png", proposed=True),))
    return dialog


def _choice(state: AppState, parent: QWidget) -> QDialog:
    """The question of Review, in a dialog to be walked through like the others."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Reason")
    bar = ChoiceBar(dialog)
    bar.ask(ChoiceQuestion("Why is it good?", ("Within tolerance", "Dust"), "Dust", "another reason"))
    layout = QVBoxLayout(dialog)
    layout.addWidget(bar)
    return dialog


DIALOGS: dict[str, Maker] = {
    "help": lambda _, parent: HelpDialog(parent),
    "about": AboutDialog,
    "sign in": _signing_in,
    "PIN": lambda _, parent: PinDialog("Turns an NG into an OK. Sign with your PIN again.", parent),
    "user": _user,
    "output": _output,
    "golden set": lambda state, parent: GoldenDialog(state, "metal nut", parent),
    "capture": lambda _, parent: CaptureDialog("metal nut", parent),
    "blind review": _blind,
    "choice": _choice,
    "study": lambda state, parent: StudyDialog(state, "metal nut", parent),
    "compare recipes": lambda state, parent: CompareDialog(state, "metal nut", parent),
    "presentation": _presentation,
    "sorting": _sorting,
}


def name_of(widget: QWidget) -> str:
    """What a screen reader says, whoever gives it: the widget, its text or the label beside it."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def nameless(dialog: QWidget) -> list[str]:
    return [called(control) for control in controls_of(dialog) if not name_of(control)]


def unreached(dialog: QWidget) -> list[str]:
    """Controls that the Tab key does not come to."""
    reached: list[QWidget] = []
    for _ in range(60):
        QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is None or focused in reached:
            break
        reached.append(focused)
    return [
        called(control)
        for control in controls_of(dialog)
        if control not in reached and not is_reached_by_arrows(control, reached)
    ]


def unseen(dialog: QWidget) -> list[str]:
    """Controls that look the same with and without the keyboard."""
    found = []
    for control in controls_of(dialog):
        control.clearFocus()
        before = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        if control.hasFocus() and control.grab().toImage() == before:
            found.append(called(control))
    return found


def weak(dialog: QWidget) -> dict[str, float]:
    """Texts with too little contrast."""
    found = {}
    for widget in dialog.findChildren(QWidget):
        text = widget.text() if isinstance(widget, QLabel | QAbstractButton | QLineEdit) else ""
        if text.strip() and widget.isVisible() and widget.isEnabled() and not is_inner(widget):
            contrast = strongest_contrast(in_place(dialog, widget))
            if contrast < WEAKEST:
                found[f"{called(widget)}: {text}"] = round(contrast, 2)
    return found


def is_reading(dialog: QWidget) -> bool:
    """Whether it may still show something else in a moment, which it reads away from the window's thread."""
    return any(getattr(part, "is_busy", False) is True for part in vars(dialog).values())


def settled(dialog: QWidget, until: Until) -> None:
    dialog.activateWindow()
    until(dialog.isActiveWindow, "the dialog is active")
    until(lambda: not is_reading(dialog), "the dialog has read what it shows")
    for _ in range(3):
        QApplication.processEvents()


def check(dialog: QDialog, qapp: QApplication, until: Until) -> None:
    settled(dialog, until)
    assert (nameless(dialog), unreached(dialog), too_small(dialog), cut_off(dialog)) == ([], [], [], [])
    for theme in (LIGHT, DARK):
        apply_theme(qapp, theme)
        settled(dialog, until)
        assert (theme.name, unseen(dialog), weak(dialog)) == (theme.name, [], {})


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1100, 720)
    made.show()
    return made


@pytest.fixture
def inspected(workbench: Workbench, product: str, parts: object) -> str:
    handle = workbench.inspector.inspect_folder(product, parts)  # type: ignore[arg-type]
    handle.wait(20)
    return product


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_can_be_read_out_reached_by_keys_and_read(
    state: AppState, parent: QWidget, inspected: str, qapp: QApplication, until: Until, name: str
) -> None:
    dialog = DIALOGS[name](state, parent)
    dialog.show()
    check(dialog, qapp, until)
    for made in parent.findChildren(OutputsPage):
        made.close_down()
    dialog.close()
    if isinstance(dialog, CaptureDialog):
        dialog.close_down()
        QThreadPool.globalInstance().waitForDone(10_000)


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    languages = Languages(qapp)
    languages.use("de")
    yield
    languages.use("en")


@pytest.mark.usefixtures("german")
def test_no_word_of_a_dialog_is_cut_off_where_words_are_long(
    state: AppState, parent: QWidget, inspected: str, until: Until
) -> None:
    found = {}
    for name, make in DIALOGS.items():
        dialog = make(state, parent)
        dialog.show()
        settled(dialog, until)
        if cut := cut_off(dialog):
            found[name] = cut
        dialog.close()
        if isinstance(dialog, CaptureDialog):
            dialog.close_down()
    for made in parent.findChildren(OutputsPage):
        made.close_down()
    QThreadPool.globalInstance().waitForDone(10_000)
    assert found == {}


def test_the_first_field_of_a_dialog_has_the_keyboard(state: AppState, parent: QWidget, until: Until) -> None:
    user = UsersPage(state, parent).user_dialog()
    user.show()
    settled(user, until)
    assert user.focusWidget() is user.name_edit
    user.reject()


@pytest.mark.parametrize("asked", ["ask_to_clone", "ask_to_delete"])
def test_a_question_of_the_list_can_be_read_out_reached_by_keys_and_read(
    state: AppState, qtbot: QtBot, inspected: str, qapp: QApplication, until: Until, asked: str
) -> None:
    view = ProductListView(state)
    qtbot.addWidget(view)
    view.show()
    until(lambda: view.is_read, "the products are read")
    wrong: list[BaseException] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        try:
            check(dialog, qapp, until)
        except BaseException as error:  # noqa: BLE001 - raised again below: here it would be lost in Qt's loop
            wrong.append(error)
        finally:
            dialog.reject()

    QTimer.singleShot(0, look)
    getattr(view.deeds, asked)(inspected)
    view.close_down()
    if wrong:
        raise wrong[0]
