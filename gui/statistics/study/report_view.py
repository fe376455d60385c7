"""What a capability study found: a verdict an appraiser, then every figure in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.statistics.study.wording import (
    VERDICTS,
    appraiser_name,
    between_text,
    counting_text,
    table_rows,
    verdict_text,
)
from gui.theme import current_theme
from gui.widgets.controls import plain_label, set_shown

if TYPE_CHECKING:
    from workflows.studies.report import StudyReport


_AIR_PX = 8
"""More than a row of the table needs."""


class StudyReportView(QScrollArea):
    """Scrolls; the words come first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("What the study found"))
        self.sentence = plain_label("")
        self.table = QTableWidget(self)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(self.tr("Figures of the study"))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.between = plain_label("")
        self.counting = plain_label("", "hint")
        self._verdicts = QVBoxLayout()
        self._verdicts.setSpacing(4)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.addLayout(self._verdicts)
        for part in (self.sentence, self.table, self.between, self.counting):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(content)
        self._hide_figures()

    def _figures(self) -> tuple[QWidget, ...]:
        """What stands there only once there is a report."""
        return (self.table, self.between, self.counting)

    def _hide_figures(self) -> None:
        for part in self._figures():
            part.hide()

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The lines at the top."""
        items = (self._verdicts.itemAt(row) for row in range(self._verdicts.count()))
        return tuple(item.widget().text() for item in items if item is not None)  # type: ignore[union-attr]

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing yet."""
        self._clear()
        self.sentence.setText(sentence)
        self._hide_figures()
        set_shown(self.sentence, True)

    def show_report(self, report: StudyReport) -> None:
        """Show the verdicts and every figure."""
        self._clear()
        self.sentence.hide()
        result, theme = report.result, current_theme()
        for found in result.appraisers:
            label = plain_label(verdict_text(found, result))
            if found.verdict:
                tone = theme.verdict(VERDICTS[found.verdict])
                label.setStyleSheet(f"background: {tone.ground}; color: {tone.text}; padding: 8px; border-radius: 4px;")
            self._verdicts.addWidget(label)
        self._show_table(report)
        self.between.setText(between_text(result))
        self.counting.setText(counting_text(result))
        for part in self._figures():
            set_shown(part, True)

    def _show_table(self, report: StudyReport) -> None:
        rows = table_rows(report.result)
        names = [appraiser_name(found.appraiser) for found in report.result.appraisers]
        self.table.setRowCount(len(rows))
        self.table.setColumnCount(len(names))
        self.table.setHorizontalHeaderLabels(names)
        self.table.setVerticalHeaderLabels([name for name, _ in rows])
        for row, (_, cells) in enumerate(rows):
            for column, cell in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(cell))
        self.table.resizeRowsToContents()
        for row in range(len(rows)):
            self.table.setRowHeight(row, self.table.rowHeight(row) + _AIR_PX)
        height = sum(self.table.rowHeight(row) for row in range(len(rows)))
        self.table.setFixedHeight(height + self.table.horizontalHeader().sizeHint().height() + 4)

    def _clear(self) -> None:
        while (item := self._verdicts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
