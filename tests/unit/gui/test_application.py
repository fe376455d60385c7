from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from gui.application import Session, run
from gui.main_window import MainWindow
from gui.state import ModelState, Screen
from storage.instance_lock import InstanceLock
from storage.storage import open_storage
from workflows.keeping.backups import backup_problem
from workflows.settings.settings import Settings

Until = Callable[..., None]


@pytest.fixture
def session(qapp: QApplication, filo_home: Path) -> Iterator[Session]:
    made = Session(qapp, Settings(operator="anna"))
    yield made
    made.close()


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    """Each of them costs a tenth of a second; they come behind the window."""
    steps = "import sys, main, program, cli.common, gui.application; program.command_line(['app']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", steps], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "numpy", "scipy", "cv2", "PIL", "onnxruntime", "pyqtgraph", "openai", "torch", "reportlab"}
    assert heavy & set(done.stdout.split()) == set()


def test_the_window_stands_before_the_record_and_the_model_loads_behind_both(session: Session, until: Until) -> None:
    session.window.show()
    assert session.window.isVisible()
    assert not session.state.is_open
    session.open()
    until(lambda: session.state.is_open, "the record is open", seconds=60)
    assert session.window.current_screen is Screen.PRODUCTS
    until(lambda: session.state.model_state is ModelState.READY, "the model is loaded", seconds=120)
    assert session.state.trained is not None
    assert session.state.profile == "compact"


class _Watch(QObject):
    """Notes on which thread a widget is shown."""

    def __init__(self, threads: list[QThread], parent: QObject) -> None:
        super().__init__(parent)
        self._threads = threads

    def eventFilter(self, _widget: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._threads.append(QThread.currentThread())
        return False


def test_a_backup_that_failed_is_said_in_the_status_bar_on_the_gui_thread(
    session: Session, until: Until, filo_home: Path
) -> None:
    open_storage(session._settings.database_url, session._settings.images).close()
    (filo_home / "backups").write_text("a file in the way")
    shown_on: list[QThread] = []
    session.window._nightly.installEventFilter(_Watch(shown_on, session.window))
    session.window.show()
    assert session.window.nightly_problem == ""
    session.open()
    until(lambda: session.window.nightly_problem != "", "the failed backup is said", seconds=60)
    assert session.window.nightly_problem.startswith("No backup was made: ")
    assert session.window.nightly_problem == backup_problem(session._settings)
    # Shown beside what is said of the model, which stays.
    assert session.window._status.isVisible()
    assert set(shown_on) == {session.window.thread()}
    session.window.show_nightly_problem("")
    assert session.window.nightly_problem == ""


def dismiss_message(app: QApplication, seen: list[str]) -> QTimer:
    """Press the message box away as soon as it is there."""
    timer = QTimer()

    def look() -> None:
        for widget in app.topLevelWidgets():
            if isinstance(widget, QMessageBox) and widget.isVisible():
                seen.append(widget.text())
                widget.accept()

    timer.timeout.connect(look)
    timer.start(10)
    return timer


def test_a_second_window_on_the_same_record_is_refused_in_a_sentence(qapp: QApplication, filo_home: Path) -> None:
    settings = Settings()
    seen: list[str] = []
    timer = dismiss_message(qapp, seen)
    with InstanceLock(settings.database_url, settings.images):
        assert run(settings) == 1
    timer.stop()
    assert "filo.sqlite is already open in another window" in seen[0]


def test_a_record_that_cannot_be_used_is_named_and_ends_the_application(qapp: QApplication, filo_home: Path) -> None:
    filo_home.mkdir(parents=True, exist_ok=True)
    (filo_home / "filo.sqlite").write_bytes(b"this is no database, only text " * 40)
    seen: list[str] = []
    timer = dismiss_message(qapp, seen)
    assert run(Settings()) == 1
    timer.stop()
    assert "filo.sqlite" in seen[0]
    assert "Traceback" not in seen[0]


@pytest.mark.parametrize("database", ["nonsense", "mysql://ada:s3cret@host/db"])
def test_an_address_that_is_none_ends_the_application_with_a_sentence(
    qapp: QApplication, filo_home: Path, database: str
) -> None:
    seen: list[str] = []
    timer = dismiss_message(qapp, seen)
    assert run(Settings(home=filo_home, database=database)) == 1
    timer.stop()
    assert "Write sqlite:///" in seen[0] or "Use a SQLite file" in seen[0]
    assert "s3cret" not in seen[0]


def test_closing_the_window_ends_the_application_without_complaint(qapp: QApplication, filo_home: Path) -> None:
    def close_when_open() -> None:
        windows = [widget for widget in qapp.topLevelWidgets() if isinstance(widget, MainWindow)]
        if windows and windows[0].current_screen is not None:
            windows[0].close()

    timer = QTimer()
    timer.timeout.connect(close_when_open)
    timer.start(20)
    assert run(Settings()) == 0
    timer.stop()


def test_an_unexpected_error_is_a_sentence_with_folded_details(session: Session) -> None:
    session.window.show()
    try:
        raise KeyError("colour")
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    assert "unexpected" in session.window.message
    assert "KeyError: 'colour'" in session.window._message.details


def test_the_lock_is_given_back_when_the_session_ends(qapp: QApplication, filo_home: Path, until: Until) -> None:
    session = Session(qapp, Settings())
    session.open()
    until(lambda: session.state.is_open, seconds=60)
    session.close()
    settings = Settings()
    with InstanceLock(settings.database_url, settings.images):
        assert not session.window.isVisible()
