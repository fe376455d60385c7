"""What every test stands on: an offscreen window system, data of its own, and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from storage.engine import sqlite_url
from tools.postgres_server import PostgresServer, server_programs
from workflows.people import pins

_LONGEST_END_S = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--headed", action="store_true", help="show the windows of the tests on the screen there is")


def pytest_configure(config: pytest.Config) -> None:
    # Before anything imports Qt: the platform is chosen with the first QApplication.
    if not config.getoption("--headed"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Before anything imports torch: tests that run at a time share the cores rather than each taking all of them.
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def filo_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; what the user has set does not reach in."""
    for name in [name for name in os.environ if name.startswith("FILO_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "filo-home"
    monkeypatch.setenv("FILO_HOME", str(home))
    # The keyring is the user's own: no test writes into it.
    monkeypatch.setenv("FILO_SECRETS", "file")
    return home


@pytest.fixture(autouse=True)
def quick_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """PINs are hashed at the least cost there is: with the real one, half of what a test takes is argon2's."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("workflows.people.pins._HASHER", cheap)
    pins._hash_of_nobody.cache_clear()


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    """A command keeps what its process makes from others: what the next test makes is as open as before."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server from Debian's package, which ``make test`` installs."""
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    with PostgresServer(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Address of an empty database on the server."""
    url = postgres.new_database()
    yield url.render_as_string(hide_password=False)
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty record: the test runs once on each kind of database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "filo.sqlite")
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or a top-level widget alive."""
    threads_before = set(threading.enumerate())
    widgets_before = _top_level_widgets()
    yield
    leaked_threads = _wait_until_empty(lambda: [t.name for t in _own_threads() if t not in threads_before])
    assert not leaked_threads, f"threads left running: {leaked_threads}"
    leaked_widgets = _wait_until_empty(lambda: sorted(_top_level_widgets() - widgets_before))
    assert not leaked_widgets, f"top-level widgets left alive: {leaked_widgets}"


def _own_threads() -> list[threading.Thread]:
    # A dummy stands for a thread of Qt's pool that once ran Python; the pool keeps such threads for the next task.
    return [thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]


def _top_level_widgets() -> set[str]:
    """Widgets without a parent by class and address. Qt is not imported for tests that do without it."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    core, shiboken = sys.modules["PySide6.QtCore"], sys.modules["shiboken6"]
    core.QThreadPool.globalInstance().waitForDone(round(_LONGEST_END_S * 1000))
    core.QCoreApplication.processEvents()
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    return {
        f"{type(widget).__name__} {widget.objectName()} {shiboken.getCppPointer(widget)[0]:#x}"
        for widget in widgets.QApplication.topLevelWidgets()
        if widget.parent() is None
    }


def _wait_until_empty(leaked: Callable[[], list[str]]) -> list[str]:
    until = time.monotonic() + _LONGEST_END_S
    pause = threading.Event()
    while (found := leaked()) and time.monotonic() < until:
        # Only now: with torch loaded a collection takes half a second.
        gc.collect()
        pause.wait(0.02)
    return found
