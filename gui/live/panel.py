"""The Live screen: banner across the whole width, picture and regions under it, the last verdicts at the bottom."""

from __future__ import annotations

from dataclasses import astuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import TriggerKind
from gui import wording
from gui.canvas.image_panel import ImagePanel
from gui.known_words import known_sentence
from gui.live.delivery_note import DeliveryNote
from gui.live.display import Hold
from gui.live.history_strip import LOW_STRIP_PX, STRIP_PX, HistoryStrip
from gui.live.inset import LastVerdict
from gui.live.next_part import NextPart
from gui.live.presenter import LivePhase, LivePresenter
from gui.live.quality_bar import QualityBar
from gui.live.remembered import RememberedTrigger
from gui.live.results import LiveResult
from gui.live.totals_bar import TotalsBar
from gui.live.trigger_bar import TriggerBar
from gui.live.wording import camera_text, score_text, score_tip
from gui.proof_note import ProofNote
from gui.records.product_chooser import ProductChooser
from gui.sources.choice import SourceChoice, usual_choice
from gui.sources.source_bar import SourceBar
from gui.state import AppState, Badge, Screen
from gui.theme import SPACE
from gui.widgets.column_area import ColumnArea, LowArea
from gui.widgets.controls import ElidedLabel, button, captioned, plain_label, set_icon_name, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.fact_list import FactList
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold, MessageKind
from gui.widgets.regions_list import RegionsList
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.scan_catcher import ScanCatcher
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdict_banner import VerdictBanner
from workflows.line.triggers import TriggerChoice, answers_plc, usual_trigger

_SIDE_WIDTH = 316
_GLOVE_PX = 84
_LOW_PX = 660
"""A lower screen has a lower strip of pictures: the facts beside the picture need the room."""
_LOWEST_BANNER, _HIGHEST_BANNER = 124, 260


class LivePanel(QWidget):
    """Shows what :class:`LivePresenter` decides."""

    def __init__(self, state: AppState, presenter: LivePresenter | None = None) -> None:
        super().__init__()
        self._state = state
        self.presenter = presenter or LivePresenter(state)
        self.presenter.setParent(self)
        # What the settings asked for when they were followed last.
        self._usual_source: SourceChoice | None = None
        self._usual_trigger: TriggerChoice | None = None
        self._make_controls()
        self._make_side_controls()
        self._lay_out()
        self._make_shortcuts()
        self._connect()
        self._on_settings_changed()
        self._on_products_reloaded()
        self._on_phase_changed()
        self._on_display_changed()
        self._on_facts_changed()

    def _make_controls(self) -> None:
        self.products = ProductChooser(self._state, self)
        self.source = SourceBar(self)
        self.cameras = ElidedLabel(parent=self)
        """In place of the source where each view has its own."""
        self.trigger = TriggerBar(self)
        self._remembered = RememberedTrigger(self._state)
        self.start_stop = button(self.tr("Start"), "play", primary=True, tip=self.tr("Start or stop (F5)"))
        self.message = MessageFold(self)
        self.trouble = MessageFold(self, closable=False)
        self.delivery = DeliveryNote(self)
        self.proof = ProofNote(self)
        self.banner = VerdictBanner(self)
        self.picture = ImagePanel(self)
        self.last = LastVerdict(self.picture.view)
        self.totals = TotalsBar(self)
        self._flashed: LiveResult | None = None
        self.strip = HistoryStrip(self)
        self.empty = EmptyPage(
            "live",
            self.tr("No product is ready to be inspected."),
            self.tr("Go to Products"),
            self.tr("A product is ready once its recipe is signed off."),
        )

    def _make_side_controls(self) -> None:
        self.inspect = button(self.tr("Inspect (Enter)"), "play", primary=True)
        # The theme gives every button its height; this one is for gloves.
        self.inspect.setStyleSheet(f"QPushButton {{ min-height: {_GLOVE_PX}px; }}")
        self.go_on = button(self.tr("Acknowledge (Space)"), "check", primary=True)
        # Each has its own key. With the focus on one of them, the other's key would press it.
        for control in (self.inspect, self.go_on):
            control.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            control.installEventFilter(self)
        self.untrained = UntrainedNote(parent=self)
        self.known = plain_label()
        self.regions = RegionsList(self)
        self.next_part = NextPart(self)
        self.quality = QualityBar(self)
        self.facts = FactList(
            (
                self.tr("Score"),
                self.tr("Camera"),
                self.tr("Frame age"),
                self.tr("Latency"),
                self.tr("Verdicts"),
                self.tr("Dropped frames"),
            ),
            self,
        )
        self.facts.setToolTip(
            self.tr("Frame age: since the newest judged frame was captured. Latency: from taking it to its verdict.")
        )
        self.freeze = QCheckBox(self.tr("Freeze on NG"), self)
        self.freeze.setToolTip(self.tr("Keep an NG on screen until it is acknowledged. Inspection goes on meanwhile."))
        self.freeze.setAccessibleName(self.freeze.text())
        self.freeze.setChecked(True)
        self.sound = QCheckBox(self.tr("Sound on NG"), self)
        self.sound.setToolTip(self.tr("A tone when a part is NG or was not inspected"))
        self.sound.setAccessibleName(self.sound.text())

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.banner)
        left.addWidget(self.totals)
        left.addWidget(self.proof)
        left.addWidget(self.trouble)
        left.addWidget(self.delivery.problem)
        left.addWidget(self.picture, 1)
        middle = QHBoxLayout()
        middle.setSpacing(SPACE)
        middle.addLayout(left, 1)
        middle.addWidget(self._side())
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        layout.setSpacing(8)
        layout.addLayout(self._top())
        layout.addWidget(self.trigger.place_row)
        layout.addWidget(self.message)
        layout.addLayout(middle, 1)
        layout.addWidget(self.strip)
        self._pages = QStackedLayout(self)
        self._content = LowArea(content)
        self._pages.addWidget(self._content)
        self._pages.addWidget(self.empty)

    def _top(self) -> RowsLayout:
        top = RowsLayout()
        top.add(captioned(self.tr("Product"), self.products), 1)
        top.add(self.source, 2)
        self._cameras = captioned(self.tr("Views"), self.cameras)
        top.add(self._cameras, 2)
        top.add(self.trigger)
        top.add(self.start_stop)
        return top

    def _side(self) -> QWidget:
        """What is pressed, and under it what a low window has to scroll."""
        told = ColumnArea(narrowest=_SIDE_WIDTH)
        told.add(self.untrained)
        told.add(self.known)
        told.add(self.regions, 1)
        for control in (self.quality, self.facts, self.delivery, self.freeze, self.sound):
            told.add(control)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.inspect)
        column.addWidget(self.go_on)
        column.addWidget(self.next_part)
        column.addWidget(told, 1)
        return side

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.phase_changed.connect(self._on_phase_changed)
        presenter.display_changed.connect(self._on_display_changed)
        presenter.strip_changed.connect(self._on_strip_changed)
        presenter.refused.connect(self._on_refused)
        presenter.facts_changed.connect(self._on_facts_changed)
        presenter.failed.connect(self.message.show_error)
        presenter.noted.connect(self.message.show_note)
        presenter.view_changed.connect(self._on_view_changed)
        presenter.totals_changed.connect(self._show_totals)
        self.totals.new_shift.connect(presenter.begin_shift)
        self._state.settings_changed.connect(self._on_settings_changed)
        self.trigger.choice_changed.connect(self._show_delivery)
        self.trigger.choice_changed.connect(self._show_cameras)
        self.products.products_reloaded.connect(self._on_products_reloaded)
        self._state.current_product_changed.connect(self._show_proof)
        self.start_stop.clicked.connect(self.start_or_stop)
        self.go_on.clicked.connect(presenter.acknowledge)
        self.inspect.clicked.connect(presenter.trigger)
        presenter.readiness_changed.connect(self._on_readiness_changed)
        self.scans = ScanCatcher(self)
        self.scans.scanned.connect(presenter.scan)
        self.next_part.forget_requested.connect(presenter.forget_scan)
        self.freeze.toggled.connect(presenter.set_freeze_on_ng)
        self.strip.result_chosen.connect(presenter.look_at)
        self.regions.region_chosen.connect(self.picture.choose_region)
        self.picture.region_chosen.connect(self.regions.choose)
        self.empty.action_requested.connect(lambda: self._state.request_screen(Screen.PRODUCTS))

    def _make_shortcuts(self) -> None:
        # Whoever acknowledges with the key that triggers takes one verdict for two.
        self._space = on_key(Qt.Key.Key_Space, self, self.presenter.acknowledge)
        # A scanner ends what it reads with Enter.
        self._enters = [on_key(key, self, self.presenter.trigger) for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)]
        on_key(Qt.Key.Key_F5, self, self.start_or_stop)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and watched in {self.inspect, self.go_on}:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_last()
        self.strip.setFixedHeight(STRIP_PX if event.size().height() >= _LOW_PX else LOW_STRIP_PX)
        self.banner.setFixedHeight(max(_LOWEST_BANNER, min(_HIGHEST_BANNER, event.size().height() // 5)))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.source.search_once()

    @property
    def is_busy(self) -> bool:
        """True while a source runs."""
        return self.presenter.phase is not LivePhase.IDLE

    @property
    def badge(self) -> Badge:
        """Whether it runs, and whether an NG waits to be acknowledged."""
        if not self.is_busy:
            return Badge.NONE
        return Badge.WAITS if self.presenter.display.hold is Hold.NG else Badge.RUNS

    def close_down(self) -> None:
        """End live inspection, and wait for it."""
        self.source.close_down()
        self._remembered.close_down()
        self.presenter.close_down()

    def start_or_stop(self) -> None:
        """Start with what is chosen, or stop."""
        if self.presenter.phase is LivePhase.RUNNING:
            # The button can be pressed no more, and would hand the keyboard on to its neighbour.
            self.picture.view.setFocus()
            self.presenter.stop()
        elif self.presenter.phase is LivePhase.IDLE and self.products.product:
            self.message.clear()
            trigger = self.trigger.choice
            self.presenter.start(self.products.product, self.source.choice, trigger, deadline_s=self.trigger.deadline_s)
            if self.is_busy:
                self._remembered.remember(trigger, self.trigger.deadline_s)
            # Focus on the picture: Space acknowledges, and a second Space presses no button.
            self.picture.view.setFocus()

    def _on_settings_changed(self) -> None:
        if self.presenter.phase is not LivePhase.IDLE:
            return
        source, trigger = usual_choice(self._state.settings), usual_trigger(self._state.settings)
        # Another theme or output must not throw away what was chosen here.
        if source != self._usual_source:
            self._usual_source = source
            self.source.set_choice(source)
        if trigger != self._usual_trigger:
            self._usual_trigger = trigger
            self.trigger.set_choice(trigger, self._state.settings.deadline_s)

    def _on_products_reloaded(self) -> None:
        running = self.presenter.phase is not LivePhase.IDLE
        self._pages.setCurrentWidget(self._content if running or self.products.product else self.empty)
        self.products.setToolTip(self.products.note)
        self._show_cameras()
        self._show_proof()

    def _show_cameras(self) -> None:
        views = self.products.draft.views if self.products.draft else ()
        cameras = ((view.name, view.source or self.tr("no camera")) for view in views)
        self.cameras.set_full_text(", ".join(f"{view}: {camera}" for view, camera in cameras))
        # Files bring the pictures of all views, from the folder that is chosen as the source.
        by_cameras = bool(views) and self.trigger.choice.kind is not TriggerKind.FOLDER
        set_shown(self.source, not by_cameras)
        set_shown(self._cameras, by_cameras)

    def _show_proof(self) -> None:
        self.proof.show_product(self._state, self.products.product)

    def _on_phase_changed(self) -> None:
        phase = self.presenter.phase
        self.start_stop.setText(self.tr("Stop") if phase is not LivePhase.IDLE else self.tr("Start"))
        self.start_stop.setAccessibleName(self.start_stop.text())
        set_icon_name(self.start_stop, "stop" if phase is not LivePhase.IDLE else "play")
        self.start_stop.setEnabled(phase is not LivePhase.STOPPING)
        self.products.setEnabled(phase is LivePhase.IDLE)
        self.source.set_running(self.presenter.source_name if phase is not LivePhase.IDLE else "")
        self.trigger.set_locked(phase is not LivePhase.IDLE)
        self._on_readiness_changed()
        self._show_proof()
        if phase is LivePhase.IDLE:
            self.trouble.clear()

    def _on_readiness_changed(self) -> None:
        running_by_key = self.is_busy and self.trigger.choice.kind is TriggerKind.KEY
        set_shown(self.inspect, running_by_key)
        self.inspect.setEnabled(self.presenter.takes_key)
        for enter in self._enters:
            enter.setEnabled(self.presenter.takes_key)

    def _on_display_changed(self) -> None:
        display = self.presenter.display
        shown = display.shown
        held = display.hold is not Hold.NONE
        self.go_on.setText(
            self.tr("Back to live (Space)") if display.hold is Hold.LOOKING_BACK else self.tr("Acknowledge (Space)")
        )
        self.go_on.setAccessibleName(self.go_on.text())
        self.go_on.setEnabled(held)
        self._space.setEnabled(held)
        if shown is None:
            self.picture.clear(self.tr("The judged picture appears here."))
            self.regions.set_regions((), self.tr("Nothing to show yet."))
        elif shown.content is None:
            self.picture.clear(shown.reason)
            self.regions.set_regions((), self.tr("Not inspected."))
        else:
            self.picture.show_content(shown.content)
            self.regions.set_regions(shown.regions)
        self.untrained.set_trained(shown.trained if shown else self._state.trained)
        self.known.setText(known_sentence(self.presenter.recognising.known_as(shown)))
        set_shown(self.known, bool(self.known.text()))
        self.strip.set_results(tuple(display.strip), shown if held else None)
        self._on_facts_changed()
        if shown is not None and shown is display.newest and shown is not self._flashed:
            self._flashed = shown
            self.banner.flash()

    def _on_view_changed(self) -> None:
        """Between two triggers the camera's view with the last verdict in a corner; then the judged picture again."""
        view, shown = self.presenter.view, self.presenter.display.shown
        if view is None:
            self.last.show_result(None)
            if shown is not None and shown.content is not None:
                self.picture.show_content(shown.content)
            return
        self.picture.show_content(view)
        if self.last.result is not shown:
            self.last.show_result(shown)
            self._place_last()

    def _place_last(self) -> None:
        view = self.picture.view
        self.last.fit_into(view.size())
        self.last.move(view.width() - self.last.width() - 8, view.height() - self.last.height() - 8)

    def _show_totals(self) -> None:
        self.totals.show_totals(self.presenter.totals)

    def _on_refused(self) -> None:
        if self.sound.isChecked():
            QApplication.beep()

    def _on_strip_changed(self) -> None:
        display = self.presenter.display
        held = display.hold is not Hold.NONE
        self.strip.set_results(tuple(display.strip), display.shown if held else None)

    def _on_facts_changed(self) -> None:
        banner, facts = self.presenter.banner, self.presenter.facts
        shown = (self.banner.verdict, self.banner.caption, self.banner.held, self.banner.word, self.banner.number)
        if shown != astuple(banner):
            self.banner.set_verdict(
                banner.verdict, banner.caption, held=banner.held, word=banner.word, number=banner.number
            )
        self.next_part.show_part(facts.next_part)
        scored = None if self.presenter.is_camera_lost else self.presenter.display.shown
        newest = self.presenter.display.shown
        self.quality.show_quality(newest.quality if newest else None, newest.picture_limits if newest else None)
        self.facts.set_tip(0, score_tip(scored))
        self.facts.set_values(
            (
                score_text(scored),
                camera_text(facts.camera),
                wording.milliseconds(facts.picture_age_ms),
                wording.milliseconds(facts.latency_ms),
                f"{facts.inspected}  ({wording.rate(facts.per_second)})",
                "–" if facts.dropped is None else str(facts.dropped),
            )
        )
        if self.presenter.ending:
            self.trouble.show_note(self.presenter.ending)
        else:
            self._show_problem(self.presenter.problem if self.presenter.phase is LivePhase.RUNNING else "")
        self._show_delivery()

    def _show_delivery(self) -> None:
        has_plc = any(output.is_asked for output in self._state.settings.outputs)
        asks = answers_plc(self.trigger.choice.kind) if has_plc else None
        self.delivery.show_state(self.presenter.delivery, running=self.is_busy, plc_asks=asks)

    def _show_problem(self, problem: str) -> None:
        plays_on = self.presenter.facts.camera is SourceState.RUNNING and not self.presenter.facts.judging_problem
        # Unreadable files of a played folder: one line is enough while others are being judged.
        short = f"{problem.split('. ', maxsplit=1)[0].rstrip('.')}."
        sentence, details = (short, problem) if plays_on and problem else (problem, "")
        if sentence != self.trouble.sentence or details != self.trouble.details:
            kind = MessageKind.WARNING if plays_on else MessageKind.ERROR
            self.trouble.show_message(kind, sentence, details)
