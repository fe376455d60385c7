"""The capability study of a product: how far it is, what it found, and laying a new one down."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from filo_core.capability import SYSTEM
from gui.statistics.study.new_study import NewStudy
from gui.statistics.study.presentation import StudyPresentation
from gui.statistics.study.presenter import StudyPresenter
from gui.statistics.study.report_view import StudyReportView
from gui.statistics.study.wording import appraiser_name, filled, plan_text
from gui.theme import SPACE
from gui.widgets.column_area import LowArea
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.message_fold import MessageFold

if TYPE_CHECKING:
    from filo_core.capability import CapabilityStudy
    from gui.state import AppState


class StudyDialog(QDialog):
    """Shows what :class:`StudyPresenter` has read."""

    def __init__(self, state: AppState, product: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter = StudyPresenter(state, product, self)
        self.message = MessageFold(self)
        self.plan = plain_label("", "heading")
        self.report = StudyReportView(self)
        self.new_page = NewStudy(state.operator, self)
        self.new_button = button(self.tr("&New study…"), "add")
        self.pdf_button = button(
            self.tr("&PDF…"), "export", tip=self.tr("Save the report; the audit chain keeps its digest")
        )
        self.close_button = button(self.tr("Close"))
        self.bars: dict[str, QProgressBar] = {}
        self.buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self._connect()
        self._enable()
        self.presenter.read()

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Capability study of %1").replace("%1", self.presenter.product))
        self.resize(1100, 680)
        self._appraisers = QGridLayout()
        self._appraisers.setSpacing(8)
        self._appraisers.setColumnStretch(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.new_button)
        foot.addWidget(self.pdf_button)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.plan)
        column.addLayout(self._appraisers)
        column.addWidget(self.report, 1)
        column.addLayout(foot)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(page)
        self._new = LowArea(self.new_page, self)
        self.pages.addWidget(self._new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.message)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.changed.connect(self._on_changed)
        presenter.progressed.connect(self._on_progressed)
        presenter.busy_changed.connect(self._enable)
        presenter.failed.connect(self.message.show_error)
        presenter.exported.connect(self._on_exported)
        self.new_button.clicked.connect(lambda: self.pages.setCurrentWidget(self._new))
        self.new_page.cancelled.connect(self._on_cancelled)
        self.new_page.wanted.connect(presenter.create)
        self.pdf_button.clicked.connect(self.save_pdf)
        self.close_button.clicked.connect(self.accept)
        self.finished.connect(presenter.close_down)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.presenter.close_down()

    # Showing ---------------------------------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        study = self.presenter.study
        self.new_page.can_cancel = study is not None
        self.pages.setCurrentIndex(0 if study is not None else 1)
        if study is not None:
            self.plan.setText(plan_text(study))
            self._show_appraisers(study)
            if self.presenter.report is None:
                self.report.show_sentence(
                    self.tr("Nothing to report yet: nobody has judged every part at every presentation.")
                )
            else:
                self.report.show_report(self.presenter.report)
        self._enable()

    def _show_appraisers(self, study: CapabilityStudy) -> None:
        if list(self.bars) != list(study.plan.appraisers):
            self._make_rows(study)
        total = len(study.plan.parts) * study.plan.presentations
        for appraiser, bar in self.bars.items():
            bar.setRange(0, total)
            bar.setValue(total - len(study.remaining(appraiser)))

    def _make_rows(self, study: CapabilityStudy) -> None:
        while (item := self._appraisers.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.bars, self.buttons = {}, {}
        for row, appraiser in enumerate(study.plan.appraisers):
            name = appraiser_name(appraiser)
            bar = QProgressBar(self)
            bar.setFormat(self.tr("%v of %m judged"))
            bar.setAccessibleName(name)
            text = self.tr("&Present to the system") if appraiser == SYSTEM else filled(self.tr("%1 judges…"), name)
            made = button(text, primary=True)
            made.clicked.connect(partial(self.present, appraiser))
            self.bars[appraiser], self.buttons[appraiser] = bar, made
            self._appraisers.addWidget(plain_label(name, wrap=False), row, 0)
            self._appraisers.addWidget(bar, row, 1)
            self._appraisers.addWidget(made, row, 2)

    @Slot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        if SYSTEM in self.bars:
            bar = self.bars[SYSTEM]
            bar.setValue(bar.maximum() - total + done)

    @Slot()
    def _enable(self) -> None:
        presenter, study = self.presenter, self.presenter.study
        idle = not presenter.is_busy
        for control in (self.new_button, self.new_page.create_button):
            control.setEnabled(idle)
        self.pdf_button.setEnabled(idle and presenter.report is not None)
        for appraiser, made in self.buttons.items():
            may = presenter.may_judge(appraiser)
            made.setEnabled(idle and may and study is not None and not study.is_finished(appraiser))
            made.setToolTip("" if may else filled(self.tr("%1 has to sign in first."), appraiser))
        for row in self.buttons.values():
            set_shown(row, True)

    # Wishes ----------------------------------------------------------------------------------------------------

    def present(self, appraiser: str) -> None:
        """Present the parts that this appraiser has still to judge."""
        study = self.presenter.study
        if study is None:
            return
        self.message.clear()
        if appraiser == SYSTEM:
            self.presenter.present()
            return
        shown = StudyPresentation(self.presenter.studies, study, appraiser, self)
        shown.setWindowModality(Qt.WindowModality.ApplicationModal)
        shown.exec()
        shown.deleteLater()
        self.presenter.read()

    @Slot()
    def save_pdf(self) -> None:
        """Ask where, and write the report."""
        study = self.presenter.study
        if study is None:
            return
        name = f"{self.presenter.product}_study_{study.study_id}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report of the study"), str(Path.home() / name), self.tr("PDF (*.pdf)")
        )
        if chosen:
            self.presenter.export_pdf(Path(chosen))

    @Slot()
    def _on_cancelled(self) -> None:
        if self.presenter.study is None:
            self.reject()
        else:
            self.pages.setCurrentIndex(0)

    @Slot(str)
    def _on_exported(self, path: str) -> None:
        self.message.show_note(self.tr("Written to %1.").replace("%1", path))
