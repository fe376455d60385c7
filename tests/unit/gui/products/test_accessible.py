from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from filo_core.types import WizardStep
from gui.products.panel import ProductsPanel
from gui.products.wizard.steps import STEPS
from gui.review.panel import ReviewPanel
from gui.state import AppState
from gui.theme import TOUCH_PX
from gui.widgets.controls import button
from tests.unit.gui.whole_text import unbroken

Until = Callable[..., None]


def nameless(root: QWidget) -> list[str]:
    """Visible controls that take the keyboard and have nothing to be read out."""
    found = []
    for widget in root.findChildren(QWidget):
        inner = widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar | QScrollArea)
        takes_keys = widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        if widget.isVisible() and takes_keys and not inner and not widget.accessibleName():
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


def too_small(root: QWidget) -> list[str]:
    """Visible buttons that a gloved finger misses."""
    buttons = [found for found in root.findChildren(QAbstractButton) if found.isVisible() and found.text()]
    return [f"{found.text()}: {found.height()} px" for found in buttons if found.height() < TOUCH_PX - 2]


def test_chinese_may_break_between_any_two_characters_and_english_between_words() -> None:
    assert unbroken("good part") == ["good", "part"]
    assert unbroken("类型名称") == ["类", "型", "名", "称"]


def _is_squeezed(label: QLabel) -> bool:
    """Whether a text that may take several lines has too few of them, or a word that is wider than the label."""
    metrics = label.fontMetrics()
    widest = max((metrics.horizontalAdvance(word) for word in unbroken(label.text())), default=0)
    return widest > label.contentsRect().width() + 1 or label.heightForWidth(label.width()) > label.height() + 1


def cut_off(root: QWidget) -> list[str]:
    """Visible buttons and labels whose text does not fit."""
    # A layout settles only when its events are handled.
    QApplication.processEvents()
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
            continue
        if isinstance(widget, QLabel) and widget.sizePolicy().horizontalPolicy().name == "Ignored":
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            if _is_squeezed(widget):
                found.append(f"{type(widget).__name__} {widget.text()!r}: {widget.width()} × {widget.height()} px")
            continue
        if widget.width() < widget.minimumSizeHint().width():
            found.append(f"{type(widget).__name__} {widget.text()!r}: {widget.width()} px")
    return found


@pytest.mark.parametrize("step", STEPS)
def test_every_step_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(
    panel: ProductsPanel, product: str, step: WizardStep
) -> None:
    panel.resize(992, 640)
    panel.set_up(product)
    panel.wizard.go_to(step)
    assert panel.wizard.current is step
    assert nameless(panel) == []
    assert too_small(panel) == []
    assert cut_off(panel) == []


def test_the_list_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(
    panel: ProductsPanel, product: str, until: Until
) -> None:
    panel.list_view.reload()
    until(lambda: panel.list_view.is_read and panel.list_view.grid.card(product).isVisible())
    assert nameless(panel) == []
    assert too_small(panel) == []
    assert cut_off(panel) == []


def test_the_review_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(
    qtbot: QtBot, state: AppState, product: str
) -> None:
    panel = ReviewPanel(state)
    qtbot.addWidget(panel)
    panel.resize(992, 640)
    panel.show()
    assert nameless(panel) == []
    assert too_small(panel) == []
    panel.close_down()


def test_the_checks_themselves_find_what_is_wrong(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    bad = button("Much too long for its place", parent=root)
    bad.setAccessibleName("")
    bad.setStyleSheet("min-height: 0px;")
    bad.setFixedSize(40, 20)
    root.resize(200, 100)
    root.show()
    assert nameless(root)
    assert too_small(root)
    assert cut_off(root)
