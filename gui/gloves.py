"""What fingers in gloves need of Qt's own controls: lists that are swiped, and entries that are hit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDateTimeEdit,
    QGraphicsView,
    QListView,
    QScrollArea,
    QScroller,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

from gui.theme import ENTRY_PX

MOUSE_KINDS: Final = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease})
_SWIPED: Final = (QAbstractItemView, QScrollArea)
_MOST_ENTRIES: Final = 8
"""Of an open list; what is more is scrolled to, whole entries at a time."""
_OWN_DELEGATES: Final = frozenset({"QComboBoxDelegate", "QComboMenuDelegate"})


def fit_for_gloves(widget: QWidget) -> None:
    """Give a control that Qt made what fingers need; more than once does no harm.

    Only touches swipe. A mouse keeps what it has: it chooses, drags and turns its wheel.
    """
    if isinstance(widget, QComboBox):
        _fit_drop_down(widget)
    if isinstance(widget, QAbstractSpinBox) and not isinstance(widget, QDateTimeEdit):
        # Between its two buttons.
        widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
    if isinstance(widget, QTableView):
        rows = widget.verticalHeader()
        rows.setMinimumSectionSize(max(ENTRY_PX, rows.minimumSectionSize()))
        rows.setDefaultSectionSize(max(ENTRY_PX, rows.defaultSectionSize()))
    if isinstance(widget, _SWIPED) and not isinstance(widget, QGraphicsView):
        QScroller.grabGesture(widget.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        if isinstance(widget, QListView | QTableView):
            widget.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            widget.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            # It may have measured its entries before it knew the style sheet.
            widget.scheduleDelayedItemsLayout()


def _fit_drop_down(box: QComboBox) -> None:
    # The delegate that it comes with asks no style sheet how high an entry is.
    if box.itemDelegate().metaObject().className() in _OWN_DELEGATES:
        box.setItemDelegate(QStyledItemDelegate(box))
    box.setMaxVisibleItems(_MOST_ENTRIES)


class Fingers:
    """A touch on what can be swiped presses when the finger leaves it where it came, and never while it swipes.

    Qt makes a mouse out of every touch, whose press would choose a part before the swipe is known to be one.
    """

    def __init__(self) -> None:
        self._press: QMouseEvent | None = None
        self._has_swiped = False
        self._is_pressing = False

    def takes(self, watched: QWidget, event: QMouseEvent) -> bool:
        """Whether ``watched`` is not to hear of ``event``, or not yet."""
        if event.source() is Qt.MouseEventSource.MouseEventNotSynthesized or self._is_pressing:
            return False
        ground = _swiped_ground(watched)
        if ground is None or isinstance(watched, QAbstractSlider):
            return False
        if event.type() is QEvent.Type.MouseButtonPress:
            self._press, self._has_swiped = event.clone(), False
        self._has_swiped |= QScroller.scroller(ground).state() is QScroller.State.Dragging
        if event.type() is QEvent.Type.MouseButtonRelease:
            self._let_go(watched, event)
        return True

    def _let_go(self, watched: QWidget, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        if press is None or self._has_swiped:
            return
        self._is_pressing = True
        for one in (press, event.clone()):
            QCoreApplication.sendEvent(watched, one)
        self._is_pressing = False


def _swiped_ground(widget: QWidget | None) -> QWidget | None:
    """What is swiped with a finger on ``widget``."""
    while widget is not None and not QScroller.hasScroller(widget):
        widget = None if widget.isWindow() else widget.parentWidget()
    return widget
