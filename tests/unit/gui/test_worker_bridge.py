from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from filo_core.errors import ProfileError
from filo_core.events import JobEvent, StepDone
from filo_core.line.queue import Job, JobState, Priority
from filo_core.line.worker import Worker
from gui.state import ModelState
from gui.worker_bridge import JobSignals, WorkerBridge

Until = Callable[..., None]


class Engine:
    """Nothing is asked of it here."""


def steps(count: int) -> Callable[[Engine], Iterator[JobEvent]]:
    return lambda _: (StepDone(number, count, "reference") for number in range(1, count + 1))


@pytest.fixture
def worker() -> Iterator[Worker[Engine]]:
    made: Worker[Engine] = Worker(Engine)
    made.start()
    yield made
    made.stop()


def test_events_and_states_arrive_on_the_gui_thread_in_the_workers_order(
    qtbot: QtBot, until: Until, worker: Worker[Engine]
) -> None:
    seen: list[object] = []
    threads: set[int] = set()
    signals = JobSignals()
    for signal in (signals.event_arrived, signals.state_changed):
        signal.connect(seen.append)
        signal.connect(lambda _: threads.add(threading.get_ident()))
    handle = worker.submit(Job("count", Priority.FOLDER, steps(3)), signals)
    until(lambda: JobState.DONE in seen)
    assert seen == [JobState.RUNNING, *(StepDone(number, 3, "reference") for number in (1, 2, 3)), JobState.DONE]
    assert threads == {threading.get_ident()}
    assert signals.handle is handle


def test_a_flood_of_events_lets_the_window_breathe_between(qtbot: QtBot, until: Until, worker: Worker[Engine]) -> None:
    from PySide6.QtCore import QTimer

    taken, beats_meanwhile = [0], [0]
    signals = JobSignals()

    def take(_: object) -> None:
        taken[0] += 1
        sum(range(2000))

    signals.event_arrived.connect(take)
    beat = QTimer()
    beat.timeout.connect(lambda: beats_meanwhile.__setitem__(0, beats_meanwhile[0] + (0 < taken[0] < 20_000)))
    beat.start(0)
    worker.submit(Job("flood", Priority.FOLDER, steps(20_000)), signals).wait(60)
    until(lambda: taken[0] == 20_000, seconds=60)
    assert beats_meanwhile[0] > 5


def test_a_silenced_listener_emits_nothing_and_the_job_goes_on(
    qtbot: QtBot, until: Until, worker: Worker[Engine]
) -> None:
    seen: list[object] = []
    signals = JobSignals()
    signals.event_arrived.connect(seen.append)
    handle = worker.submit(Job("count", Priority.FOLDER, steps(50)), signals)
    signals.silence()
    assert handle.wait(10) is JobState.DONE
    marker = JobSignals()
    states: list[object] = []
    marker.state_changed.connect(states.append)
    worker.submit(Job("marker", Priority.FOLDER, steps(1)), marker)
    until(lambda: JobState.DONE in states)
    assert seen == []


def test_the_engines_state_arrives_as_the_windows_word(qtbot: QtBot, until: Until) -> None:
    bridge = WorkerBridge()
    seen: list[tuple[str, str]] = []
    bridge.model_state_changed.connect(lambda state, problem: seen.append((state, problem)))
    worker: Worker[Engine] = Worker(Engine, bridge.on_engine)
    worker.start()
    until(lambda: len(seen) == 2)
    worker.stop()
    assert seen == [(ModelState.LOADING.value, ""), (ModelState.READY.value, "")]


def test_a_model_that_cannot_be_loaded_says_why(qtbot: QtBot, until: Until) -> None:
    def make_engine() -> Engine:
        raise ProfileError("Profile full is not installed. Run 'models install full'.")

    bridge = WorkerBridge()
    seen: list[tuple[str, str]] = []
    bridge.model_state_changed.connect(lambda state, problem: seen.append((state, problem)))
    worker = Worker(make_engine, bridge.on_engine)
    worker.start()
    until(lambda: len(seen) == 2)
    worker.stop()
    assert seen[-1] == (ModelState.FAILED.value, "Profile full is not installed. Run 'models install full'.")
