"""Starts the desktop application: the window first, then the record, and the model behind both."""

from __future__ import annotations

import logging
import signal
import sys
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from filo_core.errors import FiloError
from gui.alarm_strip import RECORD
from gui.app_icon import app_icon
from gui.appearance import Appearance
from gui.background import Background, sentence_of, wait_while_painting
from gui.garbage import GarbageCollector
from gui.main_window import MainWindow
from gui.qt_environment import display_problem, prepare_qt_environment
from gui.state import AppState, ModelState, Screen
from gui.translation import in_language, load_sentences
from gui.worker_bridge import WorkerBridge

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.instance_lock import InstanceLock
    from workflows.settings.settings import Settings
    from workflows.workbench import Workbench

logger = logging.getLogger(__name__)

_SIGNALS_EVERY_MS = 300
_SWITCH_S = 0.0005
_BETWEEN_SCREENS_MS = 250


def run(settings: Settings) -> int:
    """Open the window and stay until it is closed; the exit code, 1 when the record cannot be opened."""
    problem = display_problem()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    prepare_qt_environment()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("FiLo Inspector")
    app.setApplicationDisplayName("FiLo Inspector")
    app.setWindowIcon(app_icon())
    app.setDesktopFileName("filo-inspector")
    appearance = Appearance(app, settings)
    session = Session(app, settings)
    session.state.settings_changed.connect(appearance.use)
    session.window.show()
    # Whatever computes elsewhere lets the window in sooner: it asks hundreds of times while a screen is built.
    sys.setswitchinterval(_SWITCH_S)
    # The first paint comes before the migrations: the user sees the window while the record opens.
    QTimer.singleShot(0, session.open)
    code = app.exec()
    session.close()
    return code


class Session(QObject):
    """One run of the window on one database."""

    def __init__(self, app: QApplication, settings: Settings) -> None:
        super().__init__()
        self._app = app
        self._settings = settings
        self.state = AppState(settings.operator, self)
        self._background = Background()
        self._garbage = GarbageCollector(self)
        self._lock: InstanceLock | None = None
        self._workbench: Workbench | None = None
        self._bridge = WorkerBridge(self)
        self._bridge.model_state_changed.connect(self._on_model_state_changed)
        self.window = MainWindow(self.state, QSettings(str(settings.home / "window.ini"), QSettings.Format.IniFormat))
        self._bridge.nightly_problem_changed.connect(
            self.window.show_nightly_problem, Qt.ConnectionType.QueuedConnection
        )
        self._bridge.record_alarms_changed.connect(self._on_record_alarms, Qt.ConnectionType.QueuedConnection)
        self._previous_hook = sys.excepthook
        sys.excepthook = self._on_unexpected_error
        self._listen_to_signals()

    def open(self) -> None:
        """Open the record; when it cannot be, say why and end the application."""
        # Its tools take their time to import, and it may have to be brought up to date: the window answers meanwhile.
        self._background.run(self._opened_workbench, self._on_opened, self._on_not_opened)

    def _opened_workbench(self) -> Workbench:
        """Elsewhere; what is open is known at once, so that an end in the middle of it closes it."""
        tools = _import_record_tools()
        lock = tools.lock(self._settings.database_url, self._settings.images)
        lock.acquire()
        self._lock = lock
        self._workbench = tools.open_workbench(
            self._settings,
            self._bridge.on_engine,
            self._bridge.nightly_problem_changed.emit,
            self._bridge.record_alarms_changed.emit,
        )
        return self._workbench

    def _on_not_opened(self, error: Exception) -> None:
        if not isinstance(error, FiloError):
            raise error
        QMessageBox.critical(self.window, self.tr("FiLo Inspector cannot start"), in_language(str(error)))
        self.window.close()
        self._app.exit(1)

    def _on_opened(self, workbench: Workbench) -> None:
        self.state.set_workbench(workbench)
        # Each would hold the window up when it is first shown. One after another: what is imported slows what is built.
        self._to_prepare = [screen for screen in Screen if screen is not Screen.PRODUCTS]
        self._prepare_next_screen()

    def _prepare_next_screen(self) -> None:
        if not self._to_prepare:
            self._background.run(load_sentences, lambda _: None)
            return
        screen = self._to_prepare.pop(0)
        self._background.run(lambda: _import_screen(screen), lambda _: self._on_imported(screen))

    def _on_imported(self, screen: Screen) -> None:
        self.window.build_ahead(screen)
        QTimer.singleShot(_BETWEEN_SCREENS_MS, self, self._prepare_next_screen)

    def _on_record_alarms(self, sentences: tuple[str, ...]) -> None:
        self.state.set_alarms(RECORD, *sentences)

    def close(self) -> None:
        """Close window, worker and record, in this order."""
        self._background.close()
        self.window.close()
        # The window has waited for what opens the record, however far that was.
        if self._workbench is not None:
            wait_while_painting(self._workbench.close)
        if self._lock is not None:
            self._lock.release()
        self.window.deleteLater()
        self._garbage.stop()
        sys.excepthook = self._previous_hook
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)

    def _on_model_state_changed(self, state: str, problem: str) -> None:
        self.state.set_model_state(ModelState(state), problem)
        if self.state.model_state is ModelState.READY:
            self._garbage.settle()

    def _on_unexpected_error(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._app.quit()
            return
        logger.error("unexpected error in the window", exc_info=(kind, error, trace))
        self.window.show_error(*sentence_of(error))

    def _listen_to_signals(self) -> None:
        """Ctrl+C and a service manager's SIGTERM close the window properly."""
        self._previous_handlers = {
            number: signal.signal(number, lambda *_: self._app.quit()) for number in (signal.SIGINT, signal.SIGTERM)
        }
        # Python runs its handlers between two of its instructions; Qt's loop has to come back to it now and then.
        timer = QTimer(self)
        timer.timeout.connect(lambda: None)
        timer.start(_SIGNALS_EVERY_MS)


@dataclass(frozen=True, slots=True)
class _RecordTools:
    lock: type[InstanceLock]
    open_workbench: Callable[..., Workbench]


def _import_screen(screen: Screen) -> None:
    import_module(f"gui.{screen.value}.panel")


def _import_record_tools() -> _RecordTools:
    from storage.instance_lock import InstanceLock
    from workflows.workbench import open_workbench

    # What is shown as soon as the record is open.
    _import_screen(Screen.PRODUCTS)
    return _RecordTools(InstanceLock, open_workbench)
