"""What a walk over the window looks for in its texts: each is there whole, alone, and where it can be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTextBoundaryFinder
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDateTimeEdit,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QScrollBar,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTableView,
    QToolButton,
    QWidget,
)

from gui.theme import ENTRY_PX, SPACE, TOUCH_PX
from gui.widgets.controls import ElidedLabel
from tests.unit.gui.walking import called, is_inner

SLACK_PX = 1
_TEXTS = (QLabel, QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox)


def unbroken(text: str) -> list[str]:
    """What stays on one line: words, or single characters where the script has no blanks between words."""
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Line, text)
    pieces, start = [], 0
    while (end := finder.toNextBoundary()) >= 0:
        pieces.append(text[start:end].strip())
        start = end
    return pieces


def too_small(root: QWidget) -> list[str]:
    """Visible controls that a gloved finger misses."""
    found = []
    for widget in root.findChildren(QWidget):
        pressed = isinstance(widget, QAbstractButton | QComboBox | QAbstractSpinBox | QLineEdit)
        if pressed and widget.isVisible() and not is_inner(widget) and widget.height() < TOUCH_PX:
            found.append(f"{called(widget)}: {widget.height()} px")
        if isinstance(widget, QAbstractItemView) and widget.isVisible() and _least_entry(widget) < ENTRY_PX - 1:
            found.append(f"{called(widget)}: entries of {_least_entry(widget)} px")
    return found


def _least_entry(view: QAbstractItemView) -> int:
    model = view.model()
    if model is None or not model.rowCount() or isinstance(view, QHeaderView):
        return ENTRY_PX
    # A line of the grid lies between two rows.
    shown = view.visualRect(model.index(0, 0))
    return shown.height() if shown.isValid() else ENTRY_PX


def cut_off(root: QWidget) -> list[str]:
    """Visible texts of Qt's own controls that do not fit into them."""
    # A layout settles only when its events are handled.
    QApplication.processEvents()
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or (widget.visibleRegion().isEmpty() and not _is_scrolled_to(widget)):
            continue
        if (why := _cut(widget)) and not is_inner(widget):
            found.append(f"{called(widget)}: {why}")
    return found


def _cut(widget: QWidget) -> str:
    looks = (
        (ElidedLabel, _cut_name),
        (QLabel, _cut_label),
        (QAbstractButton, _cut_button),
        (QComboBox, _cut_choice),
        (QAbstractSpinBox, _cut_number),
        (QLineEdit, _cut_field),
        (QTabBar, _cut_tabs),
        (QHeaderView, _cut_header),
        (QAbstractItemView, _cut_entries),
    )
    return next((look(widget) for kind, look in looks if isinstance(widget, kind)), "")


def is_a_name(text: str) -> bool:
    """Of a file: it may be as long as it likes, so its middle may be left out, and its tip has all of it."""
    return bool(re.search(r"[/\\]|\.(png|jpe?g|sqlite)$", text))


def _cut_name(label: ElidedLabel) -> str:
    whole = " ".join(label.full_text.split())
    return f"shortened to {label.text()!r}" if label.text() != whole and not is_a_name(whole) else ""


def _cut_button(made: QAbstractButton) -> str:
    if not made.text():
        return ""
    if isinstance(made, QToolButton):
        shows_words = made.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly
        return _narrow(made, made.text(), made.width() - 8) if shows_words else ""
    least = made.minimumSizeHint().width()
    return f"{made.width()} of {least} px" if made.width() < least - SLACK_PX else ""


def _cut_choice(box: QComboBox) -> str:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    field = box.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
    )
    return _narrow(box, box.currentText() or box.placeholderText(), field.width())


def _cut_number(spin: QAbstractSpinBox) -> str:
    arrow = 4 * SPACE if isinstance(spin, QDateTimeEdit) else 0
    return _narrow(spin, spin.text(), spin.lineEdit().width() - arrow - 4)


def _cut_field(field: QLineEdit) -> str:
    return "" if field.text() else _narrow(field, field.placeholderText(), field.contentsRect().width() - 4)


def _narrow(widget: QWidget, text: str, room: int) -> str:
    lines = text.replace("&&", "\0").replace("&", "").replace("\0", "&").split("\n")
    needed = max(widget.fontMetrics().horizontalAdvance(line) for line in lines)
    return f"{text!r}: {room} of {needed} px" if needed > room + SLACK_PX else ""


def _cut_label(label: QLabel) -> str:
    """A text that may take several lines has too few of them, or a word is wider than the label."""
    if not label.text():
        return ""
    inside = label.contentsRect()
    metrics = label.fontMetrics()
    if not label.wordWrap():
        return _narrow(label, label.text(), inside.width())
    widest = max((metrics.horizontalAdvance(word) for word in unbroken(label.text())), default=0)
    if widest > inside.width() + SLACK_PX:
        return f"a word of {widest} px in {inside.width()} px"
    needed = label.heightForWidth(label.width())
    return f"{label.height()} of {needed} px high" if needed > label.height() + SLACK_PX else ""


def _cut_tabs(bar: QTabBar) -> str:
    for index in range(bar.count()):
        rect = bar.tabRect(index)
        if bar.isTabVisible(index) and (rect.width() < bar.tabSizeHint(index).width() or rect.right() > bar.width()):
            return f"tab {bar.tabText(index)!r}"
    return ""


def _cut_header(header: QHeaderView) -> str:
    model = header.model()
    if header.orientation() is not Qt.Orientation.Horizontal or model is None:
        return ""
    for section in range(header.count()):
        needed = header.sectionSizeHint(section)
        if not header.isSectionHidden(section) and header.sectionSize(section) < needed - SLACK_PX:
            title = model.headerData(section, Qt.Orientation.Horizontal)
            return f"column {title!r}: {header.sectionSize(section)} of {needed} px"
    return ""


def _cut_entries(view: QAbstractItemView) -> str:
    """Of the entries in sight: what the delegate asks for is what it gets."""
    model = view.model()
    if model is None or (isinstance(view, QListView) and view.wordWrap()):
        return ""
    seen = view.viewport().rect()
    columns = view.horizontalHeader().count() if isinstance(view, QTableView) else 1
    for row in range(min(model.rowCount(view.rootIndex()), 40)):
        for column in range(columns):
            index = model.index(row, column, view.rootIndex())
            rect = view.visualRect(index)
            text = index.data()
            if not isinstance(text, str) or not text or is_a_name(text) or not rect.intersects(seen):
                continue
            needed = view.itemDelegateForIndex(index).sizeHint(_option(view), index)
            if needed.width() > rect.width() + SLACK_PX or rect.right() > seen.right() + SLACK_PX:
                return f"entry {text!r}: {min(rect.width(), seen.right() - rect.left())} of {needed.width()} px"
    return ""


def _option(view: QAbstractItemView) -> Any:
    from PySide6.QtWidgets import QStyleOptionViewItem

    option = QStyleOptionViewItem()
    view.initViewItemOption(option)
    return option


def _is_scrolled_to(widget: QWidget) -> bool:
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QAbstractScrollArea):
            return True
        above = above.parentWidget()
    return False


def out_of_sight(root: QWidget) -> list[str]:
    """Texts that lie beyond what holds them, where nobody can scroll to them; sideways nobody should have to."""
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, _TEXTS) or not widget.isVisible() or is_inner(widget) or not _says(widget):
            continue
        above = widget.parentWidget()
        while above is not None:
            place = QRect(widget.mapTo(above, QPoint(0, 0)), widget.size())
            inside = above.rect()
            scrolls = (
                isinstance(above.parentWidget(), QAbstractScrollArea) and above.objectName() == "qt_scrollarea_viewport"
            )
            if scrolls:
                inside = QRect(inside.left(), place.top(), inside.width(), place.height())
            if not inside.adjusted(-SLACK_PX, -SLACK_PX, SLACK_PX, SLACK_PX).contains(place):
                found.append(f"{called(widget)}: {_said(place)} beyond {type(above).__name__} {_said(above.rect())}")
                break
            if scrolls or above.isWindow():
                # Whether it can be scrolled to is the scroll area's affair, which is looked at in its turn.
                break
            above = above.parentWidget()
    return found


def _says(widget: QWidget) -> bool:
    return not hasattr(widget, "text") or bool(widget.text())


def _said(rect: QRect) -> str:
    return f"({rect.left()}, {rect.top()}, {rect.width()} × {rect.height()})"


def overlapping(root: QWidget) -> list[str]:
    """Pairs of texts that lie over each other."""
    texts = [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, _TEXTS) and widget.isVisible() and _says(widget) and not is_inner(widget)
        and not widget.visibleRegion().isEmpty()
    ]  # fmt: skip
    places = {widget: _seen(root, widget) for widget in texts}
    return [
        f"{called(one)} over {called(other)}"
        for one, other in combinations(texts, 2)
        if not one.isAncestorOf(other) and not other.isAncestorOf(one)
        and places[one].intersects(places[other])
    ]  # fmt: skip


def _seen(root: QWidget, widget: QWidget) -> QRect:
    shown = widget.visibleRegion().boundingRect()
    rect = QRect(widget.mapTo(root, shown.topLeft()), shown.size())
    return rect.adjusted(SLACK_PX, SLACK_PX, -SLACK_PX, -SLACK_PX)


class Painted:
    """What our own painters wrote while it listened."""

    def __init__(self) -> None:
        self.wrong: list[str] = []


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Painted]:
    """Note every text that is shortened, or is painted into less room than it takes."""
    heard = Painted()
    with monkeypatch.context() as patched:
        for metrics in (QFontMetrics, QFontMetricsF):
            patched.setattr(metrics, "elidedText", _elided(metrics.elidedText, heard))
        patched.setattr(QPainter, "drawText", _drawn(QPainter.drawText, heard))
        yield heard


def _elided(real: Callable[..., str], heard: Painted) -> Callable[..., str]:
    def elided(metrics: Any, text: str, mode: Qt.TextElideMode, width: float, *rest: Any) -> str:
        shown = real(metrics, text, mode, width, *rest)
        if shown != text and not is_a_name(text):
            heard.wrong.append(f"painted {shown!r} for {text!r}, {width:.0f} px")
        return shown

    return elided


def _drawn(real: Callable[..., Any], heard: Painted) -> Callable[..., Any]:
    def drawn(painter: QPainter, *arguments: Any) -> Any:
        _look(painter, arguments, heard)
        return real(painter, *arguments)

    return drawn


def _look(painter: QPainter, arguments: tuple[Any, ...], heard: Painted) -> None:
    metrics = QFontMetricsF(painter.font())
    match arguments:
        case (QRect() | QRectF() as room, flags, str() as text, *_):
            # Italics and the air of a letter reach beyond by a pixel or two.
            needed = metrics.boundingRect(QRectF(room), int(flags), text)
            if needed.width() > room.width() + 2 or needed.height() > room.height() + metrics.descent():
                heard.wrong.append(
                    f"painted {text!r} in {room.width():.0f} × {room.height():.0f} px,"
                    f" needs {needed.width():.0f} × {needed.height():.0f}"
                )
            place = needed
        case (QPoint() | QPointF() as at, str() as text):
            place = QRectF(at.x(), at.y() - metrics.ascent(), metrics.horizontalAdvance(text), metrics.height())
        case _:
            return
    device = painter.device()
    if device is not None and isinstance(device, QWidget) and text:
        whole = QRectF(0, 0, device.width(), device.height()).adjusted(-2, -2, 2, 2)
        mapped = painter.transform().mapRect(place)
        if not whole.contains(mapped):
            size = f"{device.width()} × {device.height()} px"
            heard.wrong.append(f"painted {text!r} beyond {type(device).__name__} of {size}")


def wrong_texts(root: QWidget, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All of the above about what ``root`` shows now."""
    found = cut_off(root) + out_of_sight(root) + overlapping(root)
    with listening(monkeypatch) as heard:
        root.grab()
    return found + sorted(set(heard.wrong))


def scroll_bars(root: QWidget) -> list[str]:
    """Areas of the window that have to be scrolled sideways."""
    return [
        f"{type(bar.parentWidget().parentWidget()).__name__} by {bar.maximum()} px"
        for bar in root.findChildren(QScrollBar)
        if bar.isVisible() and bar.orientation() is Qt.Orientation.Horizontal and bar.maximum() > 0
    ]
