"""The Folder screen: choose and start at the top, results at the left, the chosen one in large at the right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSplitter,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.folder.detail import FolderDetail
from gui.folder.export_dialog import ExportDialog
from gui.folder.following import Following
from gui.folder.job_list import JobList
from gui.folder.phases import RunPhase
from gui.folder.presenter import FolderPresenter
from gui.folder.result_detail import ResultDetail
from gui.folder.results_model import ROW_ROLE, FolderColumn, FolderResult, VerdictFilter
from gui.folder.verdict_delegate import VerdictDelegate
from gui.folder.verdict_tiles import VerdictTiles
from gui.folder.wording import left_out_text, problems_text, progress_text, start_text
from gui.picking import pick_folder
from gui.records.product_chooser import ProductChooser
from gui.state import AppState, Screen
from gui.theme import ENTRY_PX, SPACE, TOUCH_PX
from gui.widgets.column_area import LowArea
from gui.widgets.controls import HintedEdit, button, captioned, plain_label, set_icon_name, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout
from workflows.demonstration.demo_product import DEMO_PRODUCT, demo_images

_ROOM_FOR_TYPES = 560


class ResultsTable(QTableView):
    """Leaves the types out where they would squeeze the names; the chosen result shows them anyway."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setColumnHidden(FolderColumn.TYPES, event.size().width() < _ROOM_FOR_TYPES)
        super().resizeEvent(event)


class FolderPanel(QWidget):
    """Shows what :class:`FolderPresenter` does."""

    def __init__(
        self, state: AppState, presenter: FolderPresenter | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = presenter or FolderPresenter(state)
        self.presenter.setParent(self)
        self._loading: FolderResult | None = None
        self._left_out: tuple[str, ...] = ()
        self._make_controls()
        self._make_table()
        self._lay_out()
        self._connect()
        self._on_products_reloaded()
        self._on_phase_changed()
        self._on_progress_changed()

    # Building --------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.products = ProductChooser(self._state, self)
        self.folder = HintedEdit(self)
        self.folder.setPlaceholderText(self.tr("Choose the folder with the images to inspect"))
        self.folder.setAccessibleName(self.tr("Folder to inspect"))
        self.browse = button(self.tr("Choose…"), "folder", tip=self.tr("Choose the folder to inspect"))
        self.start = button(self.tr("Start"), "play", primary=True, tip=self.tr("Inspect the folder (F5)"))
        self.pause = button(self.tr("Pause"), "pause", tip=self.tr("Pause after the current image"))
        self.cancel = button(
            self.tr("Cancel"), "stop", tip=self.tr("Stop after the current image. Every verdict so far is kept.")
        )
        self.watch = QCheckBox(self.tr("Watch"), self)
        self.watch.setAccessibleName(self.tr("Watch the folder"))
        self.watch.setToolTip(self.tr("Also inspect every image file that arrives in the folder later"))
        self.jobs = JobList(self)
        self.message = MessageFold(self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setTextVisible(False)
        self.progress = plain_label(parent=self)
        self.tiles = VerdictTiles(self)
        self.detail = FolderDetail(self)
        self.problems_title = plain_label("", "heading", wrap=False)
        self.problems = QListWidget(self)
        self.problems.setAccessibleName(self.tr("Images that were not inspected"))
        self.problems.setWordWrap(True)
        self.problems.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.problems.setMinimumHeight(ENTRY_PX)
        self.problems.setMaximumHeight(3 * ENTRY_PX)
        self.review = button(self.tr("Review these verdicts"), "review")
        self.export = button(self.tr("Export…"), "export", tip=self.tr("Save these verdicts as files"))
        self.newest = button(self.tr("Back to the newest"), "next", tip=self.tr("Follow the results as they come"))
        self.empty = EmptyPage(
            "folder",
            self.tr("No product is ready to be inspected."),
            self.tr("Go to Products"),
            self.tr("A product is ready once its recipe is signed off."),
        )

    def _make_table(self) -> None:
        self.filter = VerdictFilter(self)
        self.filter.setSourceModel(self.presenter.model)
        table = self.table = ResultsTable(self)
        table.setModel(self.filter)
        table.setItemDelegateForColumn(FolderColumn.VERDICT, VerdictDelegate(table))
        table.setAccessibleName(self.tr("Results"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(TOUCH_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(FolderColumn.VERDICT, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FolderColumn.NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(FolderColumn.SCORE, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FolderColumn.TYPES, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setMinimumWidth(400)

        self.following = Following(table, self.newest)

    def _lay_out(self) -> None:
        top = RowsLayout()
        top.add(captioned(self.tr("Product"), self.products), 1)
        top.add(captioned(self.tr("Folder"), self.folder), 3)
        for control in (self.browse, self.watch, self.start, self.pause, self.cancel):
            top.add(control)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.tiles)
        column.addWidget(self.table, 1)
        column.addWidget(self.newest)
        column.addWidget(self.problems_title)
        column.addWidget(self.problems)
        ends = QHBoxLayout()
        ends.setSpacing(8)
        ends.addWidget(self.review, 1)
        ends.addWidget(self.export)
        column.addLayout(ends)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setHandleWidth(SPACE)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.jobs)
        layout.addWidget(self.message)
        layout.addWidget(self.bar)
        layout.addWidget(self.progress)
        layout.addWidget(splitter, 1)
        self._pages = QStackedLayout(self)
        self._content = LowArea(content)
        self._pages.addWidget(self._content)
        self._pages.addWidget(self.empty)

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.phase_changed.connect(self._on_phase_changed)
        presenter.progress_changed.connect(self._on_progress_changed)
        presenter.not_inspected.connect(self._on_not_inspected)
        presenter.detail_loaded.connect(self._on_detail_loaded)
        presenter.failed.connect(self.message.show_error)
        presenter.jobs_changed.connect(self._show_jobs)
        presenter.run_forgotten.connect(self._on_run_forgotten)
        self.jobs.chosen.connect(presenter.show_job)
        self.jobs.forget_requested.connect(presenter.forget)
        self.products.products_reloaded.connect(self._on_products_reloaded)
        self.folder.textChanged.connect(lambda _: self._on_phase_changed())
        self.folder.returnPressed.connect(self.start_run)
        self.browse.clicked.connect(self._on_browse_clicked)
        self.start.clicked.connect(self.start_run)
        self.pause.clicked.connect(self._on_pause_clicked)
        self.cancel.clicked.connect(presenter.cancel)
        self.tiles.filter_changed.connect(self.filter.set_verdicts)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.review.clicked.connect(presenter.review)
        self.export.clicked.connect(self._on_export_clicked)
        presenter.exported.connect(self._on_exported)
        self.empty.action_requested.connect(lambda: self._state.request_screen(Screen.PRODUCTS))
        on_key(Qt.Key.Key_F5, self, self.start_run)

    def close_down(self) -> None:
        """Look no more; the jobs go on."""
        self.presenter.close_down()

    # Wishes ----------------------------------------------------------------------------------------------------

    def start_run(self) -> None:
        """Inspect the chosen folder."""
        folder = self.folder.text().strip()
        if folder and self.products.product:
            self.message.clear()
            path = Path(folder).expanduser()
            self.presenter.start(self.products.product, path, watch=self.watch.isChecked())

    def _on_run_forgotten(self) -> None:
        self.following.follow()
        self.problems.clear()
        self._left_out = ()
        self.detail.clear()
        self._loading = None

    def _on_browse_clicked(self) -> None:
        chosen = pick_folder(self._state, self.tr("Folder to inspect"), self, self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _on_export_clicked(self) -> None:
        dialog = ExportDialog(self._state, self.presenter.folder.name, Path.home(), self)
        if dialog.exec():
            self.presenter.export(dialog.folder, dialog.formats)
        dialog.deleteLater()

    def _on_exported(self, count: int, paths: Sequence[Path]) -> None:
        text = self.tr("%1 verdicts were written to %2.").replace("%1", str(count))
        self.message.show_note(text.replace("%2", ", ".join(map(str, paths))))

    def _on_pause_clicked(self) -> None:
        if self.presenter.phase is RunPhase.PAUSED:
            self.presenter.resume()
        else:
            self.presenter.pause()

    # Showing ---------------------------------------------------------------------------------------------------

    def _on_products_reloaded(self) -> None:
        ready = bool(self.products.product) or self.presenter.phase.is_active
        self._pages.setCurrentWidget(self._content if ready else self.empty)
        self.products.setToolTip(self.products.note)
        if self.products.product == DEMO_PRODUCT.name and not self.folder.text():
            # Whoever plays with the demo product has no folder of its parts.
            self.folder.setText(str(demo_images()))
        self._on_phase_changed()

    def _on_phase_changed(self) -> None:
        phase = self.presenter.phase
        active = phase.is_active
        self.following.set_running(active)
        resumes = phase is RunPhase.CANCELLED and self.folder.text().strip() == str(self.presenter.folder)
        self.start.setText(start_text(resumes, active))
        self.start.setAccessibleName(self.start.text())
        self.start.setEnabled(bool(self.folder.text().strip()) and bool(self.products.product))
        paused = phase is RunPhase.PAUSED
        self.pause.setText(self.tr("Go on") if paused else self.tr("Pause"))
        self.pause.setAccessibleName(self.pause.text())
        set_icon_name(self.pause, "play" if paused else "pause")
        self.pause.setEnabled(paused or phase.can_pause)
        self.cancel.setEnabled(active and phase is not RunPhase.CANCELLING)
        self._on_progress_changed()
        self._show_jobs()

    def _show_jobs(self) -> None:
        self.jobs.set_jobs(self.presenter.jobs, self.presenter.number)
        if self.presenter.jobs_problem:
            self.message.show_warning(self.presenter.jobs_problem)

    def _on_progress_changed(self) -> None:
        progress, phase = self.presenter.progress, self.presenter.phase
        if phase is RunPhase.STARTING or (progress.total is None and phase.is_active):
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, max(1, progress.total or 0))
            self.bar.setValue(progress.done)
        self.progress.setText(progress_text(phase, progress, self._state.model_state))
        for verdict, tile in self.tiles.tiles.items():
            tile.set_count(self.presenter.model.count(verdict))
        self._show_left_out()
        has_problems = self.problems.count() > 0
        set_shown(self.problems_title, has_problems)
        set_shown(self.problems, has_problems)
        self.jobs.set_jobs(self.presenter.jobs, self.presenter.number)
        has_ended = progress.done > 0 and not phase.is_active
        set_shown(self.review, has_ended)
        set_shown(self.export, has_ended)

    def _on_not_inspected(self, sentence: str) -> None:
        item = QListWidgetItem(sentence)
        item.setToolTip("")
        self.problems.addItem(item)
        self._title_problems()

    def _show_left_out(self) -> None:
        """The files that were left out stand above those that were not inspected."""
        left_out = self.presenter.progress.left_out
        if left_out == self._left_out:
            return
        for _ in self._left_out:
            self.problems.takeItem(0)
        for place, name in enumerate(left_out):
            self.problems.insertItem(place, left_out_text(name))
        self._left_out = left_out
        self._title_problems()

    def _title_problems(self) -> None:
        left_out = len(self._left_out)
        self.problems_title.setText(problems_text(self.problems.count() - left_out, left_out))

    def _on_current_row_changed(self, current: QModelIndex, previous: QModelIndex) -> None:  # noqa: ARG002
        row = current.data(ROW_ROLE)
        if isinstance(row, FolderResult):
            self._loading = row
            self.detail.show_row(row)
            self.presenter.load_detail(row)

    def _on_detail_loaded(self, detail: ResultDetail) -> None:
        if detail.row == self._loading:
            self.detail.show_detail(detail)
