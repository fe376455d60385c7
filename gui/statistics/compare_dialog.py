"""Two recipes of a product on the same stored pictures: what the one does otherwise than the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from filo_core.calibration.replay import Turned
from filo_core.errors import EvidenceError, FiloError
from filo_core.events import StepDone
from filo_core.line.queue import Job, Priority
from gui.background import Background, asked, sentence_of
from gui.one_job import OneJob
from gui.theme import SPACE, TOUCH_PX
from gui.translation import in_language
from gui.widgets.controls import button, captioned, plain_label, set_shown
from gui.widgets.message_fold import MessageFold
from gui.wording import number, percentage, score
from workflows.studies.replay import DRAFT, USUAL_PICTURES, Replay, contestant, contestants, replay_of, replay_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.calibration.replay import Pitted
    from gui.state import AppState

_MOST_PICTURES = 5000


class CompareDialog(QDialog):
    """Chooses two recipes, has the worker replay them, and lists what turned. Nothing is recorded."""

    def __init__(self, state: AppState, product: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._product = product
        self._background = Background()
        self._job = OneJob(self)
        self.replay: Replay | None = None
        self.message = MessageFold(self)
        self.first, self.second = QComboBox(self), QComboBox(self)
        self.pictures = QSpinBox(self)
        self.pictures.setRange(1, _MOST_PICTURES)
        self.pictures.setValue(USUAL_PICTURES)
        self.start_button = button(self.tr("&Compare"), "check", primary=True)
        self.close_button = button(self.tr("Close"))
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("Pictures judged again"))
        self.words = plain_label(
            self.tr(
                "Both recipes judge the same stored pictures again: those that people have decided on first, then the "
                "newest. Nothing of it becomes an inspection."
            )
        )
        self.table = QTableWidget(0, 5, self)
        self.table.setTabKeyNavigation(False)
        self._lay_out()
        self._connect()
        self._offer()

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Compare recipes of %1").replace("%1", self._product))
        self.resize(900, 620)
        self.table.setAccessibleName(self.tr("Pictures with another verdict"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for caption, control in (
            (self.tr("In place of"), self.first),
            (self.tr("this one"), self.second),
            (self.tr("Pictures at most"), self.pictures),
        ):
            control.setMinimumHeight(TOUCH_PX)
            row.addWidget(captioned(caption, control), 1)
        row.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignBottom)
        foot = QHBoxLayout()
        foot.addWidget(self.bar, 1)
        foot.addStretch()
        foot.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.message)
        layout.addLayout(row)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        layout.addLayout(foot)
        set_shown(self.table, False)
        set_shown(self.bar, False)

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start)
        self.close_button.clicked.connect(self.accept)
        self._job.event_arrived.connect(self._on_event)
        self._job.running_changed.connect(self._on_running_changed)
        self._job.failed.connect(self.message.show_error)
        self.finished.connect(self.close_down)

    def _offer(self) -> None:
        try:
            catalogue, product = self._state.workbench.catalogue, self._product
            names = asked(lambda: contestants(catalogue, product))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            names = ()
        for combo in (self.first, self.second):
            for name in names:
                combo.addItem(contestant_name(name), name)
        # The one in force against the one before it.
        self.first.setCurrentIndex(min(1, len(names) - 1))
        self.start_button.setEnabled(len(names) > 1)
        if len(names) < 2:
            self.message.show_note(self.tr("There is only one recipe: change the draft, or sign another version."))

    @property
    def is_busy(self) -> bool:
        """True while pictures are chosen or judged."""
        return self._job.is_running or self._background.is_busy

    @Slot()
    def start(self) -> None:
        """Choose the pictures, then have both recipes judge them."""
        catalogue, product, most = self._state.workbench.catalogue, self._product, self.pictures.value()
        names = (self.first.currentData(), self.second.currentData())

        def choose() -> Replay:
            one, other = (contestant(catalogue, product, name) for name in names)
            return replay_of(catalogue, product, one, other, most)

        self.message.clear()
        self.start_button.setEnabled(False)
        self._background.run(choose, self._judge, self._fail)

    def _judge(self, replay: Replay) -> None:
        self.replay = replay
        self.bar.setRange(0, 2 * len(replay.parts))
        self.bar.setValue(0)
        workbench = self._state.workbench
        steps = replay_steps(workbench.catalogue, replay)
        job = Job(name=f"Compare recipes of {self._product}", priority=Priority.FOLDER, steps=steps)
        self._job.submit(lambda signals: workbench.worker.submit(job, signals))

    def _fail(self, error: Exception) -> None:
        self.start_button.setEnabled(True)
        self.message.show_error(*sentence_of(error))

    def close_down(self) -> None:
        """Stop after the picture that is judged now."""
        self._job.drop()
        self._job.close()
        self._background.close()

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, StepDone):
            self.bar.setValue(event.done)

    @Slot(bool)
    def _on_running_changed(self, running: bool) -> None:
        set_shown(self.bar, running)
        self.start_button.setEnabled(not running)
        if not running and self.replay is not None and self.replay.is_done:
            self._show(self.replay)

    def _show(self, replay: Replay) -> None:
        found, a, b = replay.comparison(), contestant_name(replay.first.name), contestant_name(replay.second.name)
        turns = ", ".join(f"{number(count)} {turned_text(kind)}" for kind, count in found.turns.items())
        decided = sum(part.truth is not None for part in found.parts)
        text = self.tr("%1 pictures, %2 of them decided: %3.")
        values = (number(len(found.parts)), number(decided), turns or self.tr("no verdict differs"))
        for place, value in enumerate(values, start=1):
            text = text.replace(f"%{place}", value)
        missed, refused = self.tr("Missed (bad called OK): %1"), self.tr("Refused (good called NG): %1")
        lines = [text]
        for sentence, figure in ((missed, found.missed), (refused, found.refused)):
            lines.append(sentence.replace("%1", pitted_text(figure, a, b)))
        self.words.setText("\n".join(lines))
        headings = (self.tr("Picture"), self.tr("Decided"), a, b, self.tr("Change"))
        self.table.setHorizontalHeaderLabels(list(headings))
        self.table.setRowCount(len(found.differing))
        for row, part in enumerate(found.differing):
            cells = (
                part.name,
                part.truth.value if part.truth else "–",
                f"{part.first.value} {score(part.first_score)}",
                f"{part.second.value} {score(part.second_score)}",
                turned_text(part.turned) if part.turned else "",
            )
            for column, cell in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(cell))
        set_shown(self.table, bool(found.differing))


def contestant_name(name: str) -> str:
    """A version or the draft, as it is offered."""
    return _tr("draft") if name == DRAFT else _tr("version %1").replace("%1", name)


def turned_text(kind: Turned) -> str:
    """What the second recipe does otherwise."""
    words = {
        Turned.NEWLY_MISSED: _tr("newly missed"),
        Turned.NEWLY_REFUSED: _tr("newly refused"),
        Turned.NEWLY_DOUBTED: _tr("newly doubted"),
        Turned.NO_LONGER_MISSED: _tr("no longer missed"),
        Turned.NO_LONGER_REFUSED: _tr("no longer refused"),
        Turned.NO_LONGER_DOUBTED: _tr("no longer doubted"),
        Turned.OTHERWISE: _tr("changed, undecided"),
        Turned.UNANSWERED: _tr("no longer inspected"),
    }
    return words[kind]


def pitted_text(figure: Callable[[], Pitted], a: str, b: str) -> str:
    """A mistake under both recipes, with counts, intervals and the test; or why there is no rate."""
    try:
        pitted = figure()
    except EvidenceError:
        return _tr("nobody has decided such a part")
    text = _tr("%1: %2; %3: %4; McNemar's exact test p = %5.")
    rates = []
    for rate in (pitted.first, pitted.second):
        said = _tr("%1 of %2 (%3 to %4)")
        for place, value in enumerate(
            (number(rate.count), number(rate.of), *map(percentage, (rate.lower, rate.upper)))
        ):
            said = said.replace(f"%{place + 1}", value)
        rates.append(said)
    for place, value in enumerate((a, rates[0], b, rates[1], number(pitted.p, 3)), start=1):
        text = text.replace(f"%{place}", value)
    return text


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompareRecipes", text)
