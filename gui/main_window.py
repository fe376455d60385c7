"""Assembles the window: navigation at the left, the screens beside it, the model's state at the bottom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, QSize, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFontMetrics, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from filo_core.errors import FiloError
from gui.about_dialog import AboutDialog
from gui.actions import add_actions, translate_actions
from gui.alarm_strip import AlarmStrip
from gui.app_icon import app_icon
from gui.background import Background, wait_while_painting
from gui.file_manager import show_folder
from gui.help_dialog import HelpDialog
from gui.input_guard import untouched_s
from gui.letters import Size, lettered
from gui.model_status import ModelStatus
from gui.navigation_button import NavigationButton
from gui.records.undelivered_note import UndeliveredNote
from gui.screens import SCREENS, CanBeBusy, HasBadge, HasMoreToBuild, HasWorkToEnd, ScreenSpec
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState, Badge, ModelState, Screen
from gui.theme import SPACE
from gui.tour import TourStrip, is_first_start
from gui.widgets.controls import ElidedLabel, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.icons import icon
from gui.widgets.message_fold import MessageFold
from gui.writer import wait_for_writes

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLEST = QSize(1100, 640)
_NARROWEST_NAVIGATION_PX = 112
_AROUND_NAME_PX = 16
"""Of an entry of the navigation: its mark, and some air."""
_FOLDED_WIDTH = 56
_LONGEST_END_MS = 10_000
_SLOW_END_MS = 500
"""A longer end says why the window is still there."""
_LOOK_WHO_EVERY_MS = 15_000
_BADGES_EVERY_MS = 300
_AHEAD_EVERY_MS, _UNTOUCHED_S = 100, 0.5
"""A screen takes 0.1 s to build: for somebody who has just clicked it would be a wait."""


class MainWindow(QMainWindow):
    """One window per database. Screens are built the first time they are shown, or before while nothing happens."""

    closed = Signal()

    def __init__(
        self, state: AppState, settings: QSettings | None = None, screens: Sequence[ScreenSpec] = SCREENS
    ) -> None:
        super().__init__()
        self._state = state
        self._settings = settings
        self._is_closing = False
        self._looking = Background()
        self._specs = {spec.screen: spec for spec in screens}
        self._built: dict[Screen, QWidget] = {}
        self._to_build: list[Screen] = []
        self._in_another_language: set[Screen] = set()
        self._buttons: dict[Screen, NavigationButton] = {}
        self.setWindowTitle(self.tr("FiLo Inspector"))
        self.setWindowIcon(app_icon())
        self.setMinimumSize(_SMALLEST)
        self.alarms = AlarmStrip(state, self)
        self._message = MessageFold(self)
        self.tour = TourStrip(settings, self)
        self._stack = QStackedWidget(self)
        self._opening = EmptyPage("products", self.tr("Opening the record…"))
        self._stack.addWidget(self._opening)
        self._status = ModelStatus(state)
        self._nightly = ElidedLabel(parent=self)
        self.undelivered = UndeliveredNote(state, self)
        self._lay_out(self._navigation())
        self._actions = add_actions(self)
        self._connect()
        self._restore_geometry()

    # Building --------------------------------------------------------------------------------------------------

    def _navigation(self) -> QFrame:
        frame = QFrame(self)
        frame.setProperty("role", "navigation")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        group = QButtonGroup(self)
        group.setExclusive(True)
        for spec in self._specs.values():
            made = self._navigation_button(spec, frame)
            group.addButton(made)
            layout.addWidget(made)
            self._buttons[spec.screen] = made
        layout.addStretch(1)
        self._navigation_frame = frame
        self._translate_navigation()
        self._fit_navigation()
        return frame

    def _translate_navigation(self) -> None:
        self._navigation_frame.setAccessibleName(self.tr("Screens"))
        for screen, made in self._buttons.items():
            spec = self._specs[screen]
            made.setText(self.tr(spec.title))
            made.setAccessibleName(self.tr(spec.title))
            made.setToolTip(f"{self.tr(spec.tip)} ({spec.shortcut})")
            # A new text takes the button's key away.
            made.setShortcut(QKeySequence(spec.shortcut))

    def _navigation_button(self, spec: ScreenSpec, parent: QWidget) -> NavigationButton:
        made = NavigationButton(parent)
        made.setProperty("role", "navigation")
        made.setIcon(icon(spec.icon_name))
        made.setIconSize(QSize(30, 30))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setCheckable(True)
        made.setEnabled(False)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda: self.show_screen(spec.screen))
        return made

    def _lay_out(self, navigation: QFrame) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.alarms)
        right.addWidget(self._message)
        right.addWidget(self.tour)
        right.addWidget(self._stack, 1)
        central = QWidget(self)
        layout = QHBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(navigation)
        layout.addLayout(right, 1)
        self.setCentralWidget(central)
        self.statusBar().setSizeGripEnabled(False)
        for note in (self.undelivered, self._nightly):
            note.setContentsMargins(SPACE, 0, 0, 0)
            self.statusBar().addWidget(note, 1)
            set_shown(note, False)
        # At the right, where its button stays when there is something to say.
        self.statusBar().addWidget(self._status, 1)

    def _connect(self) -> None:
        state = self._state
        state.workbench_opened.connect(self._on_workbench_opened)
        state.screen_requested.connect(self._on_screen_requested)
        self.tour.step_shown.connect(self.show_screen)
        state.model_changed.connect(self._on_model_changed)
        self._status.operator_change_requested.connect(self.ask_for_operator)
        state.set_screens_at_work(self._screens_at_work)
        self._badges = QTimer(self)
        self._badges.timeout.connect(self._show_badges)
        self._badges.start(_BADGES_EVERY_MS)
        self._ahead = QTimer(self)
        self._ahead.timeout.connect(self._build_next)
        self._who = QTimer(self)
        self._who.timeout.connect(self._look_who)

    # Screens ---------------------------------------------------------------------------------------------------

    @property
    def current_screen(self) -> Screen | None:
        """The screen that is shown; None until the record is open."""
        shown = self._stack.currentWidget()
        return next((screen for screen, widget in self._built.items() if widget is shown), None)

    def screen_widget(self, screen: Screen) -> QWidget:
        """The widget of a screen, built now if it was never shown."""
        if screen not in self._built:
            widget = self._specs[screen].build(self._state)
            self._stack.addWidget(widget)
            self._built[screen] = widget
        return self._built[screen]

    def build_ahead(self, *screens: Screen) -> None:
        """Build them, and what the ones built before left out, a part at a time while nobody touches the window."""
        self._to_build += screens
        self._ahead.start(_AHEAD_EVERY_MS)

    def _build_next(self) -> None:
        if untouched_s() < _UNTOUCHED_S or self._is_closing or not self._state.is_open:
            return
        if self._to_build:
            self.screen_widget(self._to_build.pop(0))
            return
        self._ahead.stop()
        if all(screen in self._built for screen in self._specs):
            for widget in self._built.values():
                if isinstance(widget, HasMoreToBuild):
                    widget.build_more()

    def show_screen(self, screen: Screen) -> None:
        """Bring a screen to the front."""
        if screen in self._in_another_language:
            self._build_anew(screen)
        self._stack.setCurrentWidget(self.screen_widget(screen))
        self._buttons[screen].setChecked(True)
        self._fit_navigation()
        self.setWindowTitle(f"{self.tr(self._specs[screen].title)} – {self.tr('FiLo Inspector')}")

    def _show_badges(self) -> None:
        """Which screens are at work, and which of them waits for somebody, whatever is looked at."""
        for screen, made in self._buttons.items():
            widget = self._built.get(screen)
            badge = widget.badge if isinstance(widget, HasBadge) else Badge.NONE
            made.set_badge(badge)

    def _fit_navigation(self) -> None:
        """Names as wide as they are; icons alone, whose names are their tips, where a screen needs the room."""
        current = self.current_screen
        folded = current is not None and self._specs[current].needs_room
        width = _FOLDED_WIDTH if folded else self._name_width()
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if folded else Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        self._navigation_frame.setFixedWidth(width)
        for made in self._buttons.values():
            made.setToolButtonStyle(style)
            made.setFixedWidth(width)

    def _name_width(self) -> int:
        """What the longest name needs, in semi-bold, as the one of the screen in front is."""
        names = [made.text() for made in self._buttons.values()]
        metrics = QFontMetrics(lettered(self.font(), Size.BODY, strong=True))
        return max(_NARROWEST_NAVIGATION_PX, *(metrics.horizontalAdvance(name) + _AROUND_NAME_PX for name in names))

    def _screens_at_work(self) -> list[Screen]:
        inspecting = {screen: self._built[screen] for screen in (Screen.LIVE, Screen.FOLDER) if screen in self._built}
        return [screen for screen, widget in inspecting.items() if isinstance(widget, CanBeBusy) and widget.is_busy]

    def _build_anew(self, screen: Screen) -> None:
        """Build a screen again in the language of the window, as soon as that ends nothing that runs."""
        old = self._built[screen]
        if isinstance(old, CanBeBusy) and old.is_busy:
            self._in_another_language.add(screen)
            return
        self._in_another_language.discard(screen)
        if isinstance(old, HasWorkToEnd):
            old.close_down()
        del self._built[screen]
        self._stack.removeWidget(old)
        old.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            # Later: what is built anew may be in the middle of the call that has changed the language.
            QTimer.singleShot(0, self, self._on_language_changed)
        elif event.type() is QEvent.Type.StyleChange and hasattr(self, "_navigation_frame"):
            self._fit_navigation()

    def _on_language_changed(self) -> None:
        current = self.current_screen
        self._translate_navigation()
        self._fit_navigation()
        translate_actions(self, self._actions)
        for screen in tuple(self._built):
            self._build_anew(screen)
        if current is not None:
            self.show_screen(current)

    def _on_workbench_opened(self) -> None:
        recovered = self._state.workbench.storage.recovered.sentence
        if recovered:
            self.show_error(recovered)
        for made in self._buttons.values():
            made.setEnabled(True)
        self._state.refresh_operator()
        self._who.start(_LOOK_WHO_EVERY_MS)
        self.show_screen(next(iter(self._specs)))
        if is_first_start(self._settings):
            self.tour.begin()

    def _look_who(self) -> None:
        """A session ends by itself, which is written: the window does not wait for that."""
        if not self._looking.is_busy:
            self._looking.run(self._state.read_signed_in, self._state.take_signed_in, self._stay_signed_in)

    def _stay_signed_in(self, error: Exception) -> None:
        # A record that cannot be read is told by whatever is done with it.
        if not isinstance(error, FiloError):
            raise error

    def _on_screen_requested(self, screen: str, product: str) -> None:  # noqa: ARG002 - the state carries the product
        self.show_screen(Screen(screen))

    def _on_model_changed(self) -> None:
        if self._state.model_state is ModelState.FAILED:
            self.show_error(self._state.model_problem)

    def show_nightly_problem(self, sentence: str) -> None:
        """Say in the status bar, beside the model, why the backup failed; an empty sentence takes it away."""
        self._nightly.set_full_text(sentence)
        set_shown(self._nightly, bool(sentence))

    @property
    def nightly_problem(self) -> str:
        """The sentence in the status bar; empty when there is none."""
        return "" if self._nightly.isHidden() else self._nightly.full_text

    def show_error(self, sentence: str, details: str = "") -> None:
        """Say above all screens what went wrong."""
        self._message.show_error(sentence, details)

    @property
    def message(self) -> str:
        """The sentence shown above all screens; empty when there is none."""
        return self._message.sentence

    # Actions ---------------------------------------------------------------------------------------------------

    def ask_for_operator(self) -> None:
        """Ask who is working; with the PIN, once there are users."""
        if self._state.is_open and self._state.asks_for_sign_in:
            dialog = SignInDialog(self._state, self)
            dialog.exec()
            dialog.deleteLater()
            return
        name, accepted = QInputDialog.getText(
            self, self.tr("Operator"), self.tr("Your name is recorded with what you sign and review:"),
            text=self._state.operator,
        )  # fmt: skip
        if accepted and name.strip():
            self._state.set_operator(name.strip())

    def show_data_folder(self) -> None:
        """Open the folder of the database in the system's file manager."""
        if self._state.is_open:
            show_folder(self._state.workbench.settings.home)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_help(self) -> None:
        """Explain the keys, those of the screen in front first, and the words."""
        dialog = HelpDialog(self, self.current_screen)
        dialog.exec()
        if dialog.wants_tour and self._state.is_open:
            self.tour.begin()
        dialog.deleteLater()

    def show_about(self) -> None:
        """Say which version this is, and what it is made of."""
        dialog = AboutDialog(self._state, self)
        dialog.exec()
        dialog.deleteLater()

    # Closing ---------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_closing:
            # Closed again while what runs comes to its end.
            event.ignore()
            return
        self._is_closing = True
        self._who.stop()
        self._looking.close()
        self.undelivered.close_down()
        self.alarms.close_down()
        slow = QTimer(self)
        slow.setSingleShot(True)
        slow.timeout.connect(self._say_what_ends)
        slow.start(_SLOW_END_MS)
        for widget in self._built.values():
            if isinstance(widget, HasWorkToEnd):
                widget.close_down()
        # What still runs on the pool may be reading from the record.
        wait_while_painting(partial(QThreadPool.globalInstance().waitForDone, _LONGEST_END_MS))
        # What was decided is kept, however long another program holds the record.
        wait_while_painting(wait_for_writes)
        slow.stop()
        self._is_closing = False
        if self._settings is not None:
            self._settings.setValue("window/geometry", self.saveGeometry())
        super().closeEvent(event)
        self.closed.emit()

    def _say_what_ends(self) -> None:
        self._message.show_note(self.tr("Finishing… Verdicts that an output does not accept now are kept on disk."))

    def _restore_geometry(self) -> None:
        saved = self._settings.value("window/geometry") if self._settings is not None else None
        if saved is None or not self.restoreGeometry(saved):
            self.resize(1440, 900)
