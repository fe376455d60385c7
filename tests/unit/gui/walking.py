"""What the walks over screens and dialogs look for: names, the keyboard's way, contrast."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QWidget,
)

from tests.unit.gui.contrast import contrast_ratio

KINDS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)
WEAKEST = 4.5


def is_inner(widget: QWidget) -> bool:
    """Parts of Qt's own controls: the field of a spin box, the list of a drop-down, scroll bars."""
    parents = (QAbstractSpinBox, QComboBox)
    return (
        widget.objectName().startswith("qt_")
        or isinstance(widget, QScrollBar)
        or isinstance(widget.parentWidget(), parents)
        or (isinstance(widget.parentWidget(), QAbstractItemView) and isinstance(widget, QAbstractButton))
        or type(widget).__name__ in {"QHeaderView", "QToolBarExtension"}
    )


def controls_of(root: QWidget) -> list[QWidget]:
    """Everything a person can operate now."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, KINDS) and widget.isVisible() and widget.isEnabled() and not is_inner(widget)
    ]


def called(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")
    return f"{type(widget).__name__} {widget.accessibleName() or text()!r} in {type(widget.parentWidget()).__name__}"


def in_place(window: QWidget, widget: QWidget) -> QImage:
    """The widget over its own ground, as the window paints it, scrolled to where it can be seen."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if isinstance(above, QScrollArea):
        above.ensureWidgetVisible(widget)
    return window.grab(widget.rect().translated(widget.mapTo(window, QPoint(0, 0)))).toImage()


def strongest_contrast(image: QImage) -> float:
    """Of any pixel with the most frequent one: the core of a letter with its ground."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    colours, counts = np.unique(pixels, return_counts=True)
    ground = f"#{colours[counts.argmax()]:06x}"
    return max(contrast_ratio(ground, f"#{colour:06x}") for colour in colours)


def is_reached_by_arrows(widget: QWidget, reached: list[QWidget]) -> bool:
    """Of a group of which one is chosen, Tab reaches that one, and the arrow keys the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None and group.exclusive():
        return any(made in reached for made in group.buttons())
    if isinstance(widget, QAbstractButton) and widget.autoExclusive():
        return any(made in reached for made in widget.parentWidget().findChildren(type(widget)))
    return False
