"""How the anomaly list is edited in place: one tap for the tick and the severity, two for the words."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QWidget,
)

from filo_core.descriptions.cleaning import MAX_LENGTH
from filo_core.types import Severity
from gui.products.wizard.anomaly_model import severity_word

Index = QModelIndex | QPersistentModelIndex
_TICK_PX = 24
_LONGEST_AMOUNT = 20


class TickDelegate(QStyledItemDelegate):
    """A large tick in the middle; the whole cell is its target."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, option.widget)
        tick = QStyleOptionButton()
        tick.rect = self._tick_rect(option.rect)
        tick.state = QStyle.StateFlag.State_Enabled
        checked = index.data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked
        tick.state |= QStyle.StateFlag.State_On if checked else QStyle.StateFlag.State_Off
        style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, tick, painter)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        released = event.type() is QEvent.Type.MouseButtonRelease
        if released and isinstance(event, QMouseEvent) and option.rect.contains(event.position().toPoint()):
            checked = index.data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked
            wanted = Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked
            return model.setData(index, wanted, Qt.ItemDataRole.CheckStateRole)
        if event.type() in {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick}:
            return True
        return super().editorEvent(event, model, option, index)

    @staticmethod
    def _tick_rect(cell: QRect) -> QRect:
        left = cell.center().x() - _TICK_PX // 2
        return QRect(left, cell.center().y() - _TICK_PX // 2, _TICK_PX, _TICK_PX)


class NameDelegate(QStyledItemDelegate):
    """A line of text; what a language model wrote is shown as it is, never as markup."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        editor = QLineEdit(parent)
        editor.setMaxLength(MAX_LENGTH)
        editor.setAccessibleName(self.tr("What can go wrong"))
        return editor


class CostDelegate(QStyledItemDelegate):
    """An amount as the language writes it; empty for none."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        editor = QLineEdit(parent)
        editor.setMaxLength(_LONGEST_AMOUNT)
        editor.setPlaceholderText(self.tr("in your money"))
        editor.setAccessibleName(self.tr("What one part with this defect costs"))
        return editor


class SeverityDelegate(QStyledItemDelegate):
    """A drop-down that opens by itself and writes as soon as something is chosen."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        editor = QComboBox(parent)
        editor.setAccessibleName(self.tr("How bad it is"))
        for severity in Severity:
            editor.addItem(severity_word(severity), severity)
        editor.activated.connect(lambda: self._on_activated(editor))
        # Only once the editor has been placed does its list open in the right spot.
        QTimer.singleShot(0, editor, editor.showPopup)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentIndex(editor.findData(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentData(), Qt.ItemDataRole.EditRole)

    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:
        return super().displayText(value, locale) + "  ▾"

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(24, 0)

    def _on_activated(self, editor: QObject) -> None:
        assert isinstance(editor, QComboBox)
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)
