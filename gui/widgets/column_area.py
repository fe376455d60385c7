"""What is scrolled where the window is too low for it, and is never scrolled sideways."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui.theme import SPACE, TOUCH_PX


class LowArea(QScrollArea):
    """A page that is as high as the window, and scrolls once the window is lower than the page can be."""

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page = page
        self.setWidget(page)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest and watched is self._page:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(self._page.minimumSizeHint().width(), 2 * TOUCH_PX)

    def sizeHint(self) -> QSize:
        return self._page.sizeHint()

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        if self._least_height(room.width()) > room.height():
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
        self._page.resize(room.width(), max(room.height(), self._least_height(room.width())))

    def _least_height(self, width: int) -> int:
        layout = self._page.layout()
        assert layout is not None, "a page has a layout"
        if layout.hasHeightForWidth():
            return layout.totalMinimumHeightForWidth(width)
        return layout.totalMinimumSize().height()


class ColumnArea(LowArea):
    """A column as wide as what is in it needs."""

    def __init__(self, parent: QWidget | None = None, *, narrowest: int = 0) -> None:
        self.content = QWidget()
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(SPACE)
        super().__init__(self.content, parent)
        self._narrowest = narrowest
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def wanted_px(self) -> int:
        """Width that everything in it needs, with the scroll bar."""
        bar = self.verticalScrollBar().sizeHint().width()
        return max(self._narrowest, self.content.minimumSizeHint().width() + bar)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Add a widget under the others."""
        self.column.addWidget(widget, stretch)

    def sizeHint(self) -> QSize:
        return QSize(self.wanted_px, self.content.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.wanted_px, 2 * TOUCH_PX)


def fit_into_window(dialog: QDialog) -> None:
    """As large as a dialog would be, and no larger than the window that it belongs to; what is in it scrolls."""
    parent, wanted = dialog.parentWidget(), dialog.sizeHint().expandedTo(dialog.minimumSize())
    dialog.resize(wanted.boundedTo(parent.window().size()) if parent is not None else wanted)
