from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from filo_core.errors import ProfileError
from filo_core.events import JobEvent, StepDone
from filo_core.line.queue import Job, JobHandle, JobState, Priority, WorkerStoppedError
from filo_core.line.worker import EngineBusyError, EngineState, Worker

WAIT_S = 20.0


class Notebook:
    """A listener that writes down what it is told, and on which thread."""

    def __init__(self, on_event: Callable[[JobHandle, JobEvent], None] | None = None) -> None:
        self.events: list[str] = []
        self.states: list[JobState] = []
        self.threads: set[int] = set()
        self.on_event = on_event

    def job_event(self, handle: JobHandle, event: JobEvent) -> None:
        assert isinstance(event, StepDone)
        self.events.append(event.what)
        self.threads.add(threading.get_ident())
        if self.on_event is not None:
            self.on_event(handle, event)

    def job_state_changed(self, handle: JobHandle, state: JobState) -> None:
        assert handle.state is state
        self.states.append(state)
        self.threads.add(threading.get_ident())


def steps(name: str, count: int = 3, log: list[str] | None = None) -> Callable[[str], Iterator[JobEvent]]:
    def run(engine: str) -> Iterator[JobEvent]:
        for number in range(count):
            if log is not None:
                log.append(f"{name}{number}")
            yield StepDone(number + 1, count, f"{name}{number}")

    return run


def endless(closed: list[str]) -> Callable[[str], Iterator[JobEvent]]:
    def run(engine: str) -> Iterator[JobEvent]:
        number = 0
        try:
            while True:
                number += 1
                yield StepDone(number, 0, "on and on")
        finally:
            closed.append(threading.current_thread().name)

    return run


def job(name: str, work: Callable[[str], Iterator[JobEvent]], priority: Priority = Priority.FOLDER) -> Job[str]:
    return Job(name, priority, work)


def in_order(*jobs: tuple[str, Priority, int], fairness: int = 8) -> list[str]:
    """What a worker does one after the other when these jobs wait for it to start."""
    log: list[str] = []
    worker = Worker(lambda: "engine", fairness=fairness)
    handles = [worker.submit(job(name, steps(name, count, log), priority)) for name, priority, count in jobs]
    worker.start()
    for handle in handles:
        assert handle.wait(WAIT_S) is JobState.DONE
    assert worker.stop()
    return log


def test_a_job_yields_its_events_in_order_and_is_done(worker: Worker[str]) -> None:
    notebook = Notebook()

    handle = worker.submit(job("a", steps("a")), notebook)

    assert handle.wait(WAIT_S) is JobState.DONE
    assert handle.error is None
    assert notebook.events == ["a0", "a1", "a2"]
    assert notebook.states == [JobState.RUNNING, JobState.DONE]


def test_the_engine_the_jobs_and_the_listeners_share_one_thread() -> None:
    threads: list[int] = []

    def make_engine() -> str:
        threads.append(threading.get_ident())
        return "engine"

    def run(engine: str) -> Iterator[JobEvent]:
        assert engine == "engine"
        threads.append(threading.get_ident())
        yield StepDone(1, 1, "one")

    notebook = Notebook()
    worker = Worker(make_engine)
    worker.start()
    assert worker.submit(job("a", run), notebook).wait(WAIT_S) is JobState.DONE
    assert worker.stop()

    assert len(set(threads) | notebook.threads) == 1
    assert threading.get_ident() not in threads


def test_a_job_of_higher_priority_goes_first_whenever_it_came() -> None:
    log = in_order(("folder", Priority.FOLDER, 1), ("one", Priority.INTERACTIVE, 1), ("live", Priority.LIVE, 1))

    assert log == ["live0", "one0", "folder0"]


def test_within_a_priority_the_first_to_come_is_finished_first() -> None:
    log = in_order(("a", Priority.FOLDER, 2), ("b", Priority.FOLDER, 2))

    assert log == ["a0", "a1", "b0", "b1"]


def test_after_eight_events_of_higher_priority_a_lower_job_gets_one() -> None:
    log = in_order(("folder", Priority.FOLDER, 2), ("live", Priority.LIVE, 20))

    assert log[8] == "folder0"
    assert log[17] == "folder1"
    assert all(entry.startswith("live") for entry in log[:8] + log[9:17])


def test_the_lower_job_that_waited_longest_gets_the_turn() -> None:
    log = in_order(
        ("folder", Priority.FOLDER, 9), ("one", Priority.INTERACTIVE, 9), ("live", Priority.LIVE, 8), fairness=2
    )

    made_way = [entry for entry in log[: log.index("live7")] if not entry.startswith("live")]
    assert made_way == ["folder0", "one0", "folder1"]


def test_a_job_that_comes_later_overtakes_one_of_lower_priority_between_two_events(worker: Worker[str]) -> None:
    log: list[str] = []
    later: list[JobHandle] = []

    def submit_live(handle: JobHandle, event: JobEvent) -> None:
        if not later:
            later.append(worker.submit(job("live", steps("live", 2, log), Priority.LIVE)))

    folder = worker.submit(job("folder", steps("folder", 3, log)), Notebook(submit_live))

    assert folder.wait(WAIT_S) is JobState.DONE
    assert later[0].wait(WAIT_S) is JobState.DONE
    assert log == ["folder0", "live0", "live1", "folder1", "folder2"]


def test_a_cancelled_job_is_closed_between_two_events_on_the_workers_thread(worker: Worker[str]) -> None:
    closed: list[str] = []

    def cancel_third(handle: JobHandle, event: JobEvent) -> None:
        if isinstance(event, StepDone) and event.done == 3:
            handle.cancel()

    notebook = Notebook(cancel_third)

    handle = worker.submit(job("a", endless(closed)), notebook)

    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert len(notebook.events) == 3
    assert closed == ["filo-worker"]
    assert notebook.states[-1] is JobState.CANCELLED


def test_a_job_cancelled_while_it_waits_is_never_begun() -> None:
    log: list[str] = []
    worker = Worker(lambda: "engine")
    notebook = Notebook()
    handle = worker.submit(job("a", steps("a", 3, log)), notebook)

    handle.cancel()
    worker.start()

    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert worker.stop()
    assert log == []
    assert notebook.states == [JobState.CANCELLED]


def test_a_cancelled_job_cannot_be_resumed() -> None:
    worker = Worker(lambda: "engine")
    handle = worker.submit(job("a", steps("a")))

    handle.cancel()
    handle.resume()
    handle.pause()
    worker.start()

    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert worker.stop()


def test_cancelling_a_job_that_is_done_changes_nothing(worker: Worker[str]) -> None:
    handle = worker.submit(job("a", steps("a")))
    assert handle.wait(WAIT_S) is JobState.DONE

    handle.cancel()
    handle.pause()

    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE
    assert handle.state is JobState.DONE


def test_a_paused_job_holds_between_two_events_while_others_go_on_and_then_continues(worker: Worker[str]) -> None:
    def pause_first(handle: JobHandle, event: JobEvent) -> None:
        if isinstance(event, StepDone) and event.done == 1:
            handle.pause()

    notebook = Notebook(pause_first)
    paused = worker.submit(job("a", steps("a")), notebook)

    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE
    assert paused.state is JobState.PAUSED
    assert notebook.events == ["a0"]

    paused.resume()

    assert paused.wait(WAIT_S) is JobState.DONE
    assert notebook.events == ["a0", "a1", "a2"]
    assert notebook.states == [JobState.RUNNING, JobState.PAUSED, JobState.RUNNING, JobState.DONE]


def test_a_job_paused_while_it_waits_goes_on_waiting_when_resumed() -> None:
    worker = Worker(lambda: "engine")
    notebook = Notebook()
    paused = worker.submit(job("a", steps("a")), notebook)
    paused.pause()
    worker.start()
    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE

    paused.resume()

    assert paused.wait(WAIT_S) is JobState.DONE
    assert worker.stop()
    assert notebook.states == [JobState.PAUSED, JobState.WAITING, JobState.RUNNING, JobState.DONE]


def test_a_paused_job_can_be_cancelled(worker: Worker[str], wait_until: Callable[[Callable[[], object]], None]) -> None:
    closed: list[str] = []
    handle = worker.submit(job("a", endless(closed)), Notebook(lambda handle, _: handle.pause()))
    wait_until(lambda: handle.state is JobState.PAUSED)

    handle.cancel()

    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert closed == ["filo-worker"]


def test_an_exception_fails_only_its_job_and_is_kept(worker: Worker[str]) -> None:
    def run(engine: str) -> Iterator[JobEvent]:
        yield StepDone(1, 2, "fine")
        raise KeyError("broken")

    notebook = Notebook()
    failing = worker.submit(job("a", run), notebook)
    sound = worker.submit(job("b", steps("b")))

    assert failing.wait(WAIT_S) is JobState.FAILED
    assert isinstance(failing.error, KeyError)
    assert notebook.states == [JobState.RUNNING, JobState.FAILED]
    assert sound.wait(WAIT_S) is JobState.DONE


def test_a_job_that_cannot_even_begin_fails(worker: Worker[str]) -> None:
    def begin(engine: str) -> Iterator[JobEvent]:
        raise ProfileError("The recipe is for another model. Sign it off again.")

    handle = worker.submit(job("a", begin))

    assert handle.wait(WAIT_S) is JobState.FAILED
    assert str(handle.error) == "The recipe is for another model. Sign it off again."


def test_a_job_that_breaks_while_it_is_closed_fails(worker: Worker[str]) -> None:
    def run(engine: str) -> Iterator[JobEvent]:
        try:
            yield StepDone(1, 2, "fine")
            yield StepDone(2, 2, "never")
        finally:
            raise OSError("could not close")

    handle = worker.submit(job("a", run), Notebook(lambda handle, _: handle.cancel()))

    assert handle.wait(WAIT_S) is JobState.FAILED
    assert str(handle.error) == "could not close"


def test_a_listener_that_breaks_fails_its_job_alone_and_the_job_is_closed(worker: Worker[str]) -> None:
    closed: list[str] = []

    def fail(handle: JobHandle, event: JobEvent) -> None:
        raise RuntimeError("the window is gone")

    handle = worker.submit(job("a", endless(closed)), Notebook(fail))

    assert handle.wait(WAIT_S) is JobState.FAILED
    assert closed == ["filo-worker"]
    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE


def test_a_listener_that_breaks_at_every_state_does_not_hurt_others(worker: Worker[str]) -> None:
    class Broken:
        def job_event(self, handle: JobHandle, event: JobEvent) -> None:
            raise RuntimeError("event")

        def job_state_changed(self, handle: JobHandle, state: JobState) -> None:
            raise RuntimeError("state")

    handle = worker.submit(job("a", steps("a")), Broken())

    assert handle.wait(WAIT_S) is JobState.FAILED
    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE


def test_whoever_watches_the_engine_hears_that_it_loads_and_is_ready() -> None:
    heard: list[tuple[EngineState, str]] = []
    worker = Worker(lambda: "engine", lambda state, problem: heard.append((state, problem)))

    worker.start()
    assert worker.submit(job("a", steps("a"))).wait(WAIT_S) is JobState.DONE

    assert heard == [(EngineState.LOADING, ""), (EngineState.READY, "")]
    assert worker.engine == "engine"
    assert worker.stop()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ProfileError("weights.safetensors is damaged. Install the profile again."), "weights.safetensors is damaged"),
        (RuntimeError("no kernel image"), r"could not be loaded (RuntimeError: no kernel image)"),
    ],
)
def test_when_the_engine_cannot_be_made_waiting_and_later_jobs_fail_with_that_error(
    error: Exception, sentence: str
) -> None:
    heard: list[tuple[EngineState, str]] = []

    def make_engine() -> str:
        raise error

    worker = Worker(make_engine, lambda state, problem: heard.append((state, problem)))
    waiting = worker.submit(job("a", steps("a")))
    worker.start()

    assert waiting.wait(WAIT_S) is JobState.FAILED
    assert waiting.error is error
    later = worker.submit(job("b", steps("b")))
    assert later.wait(WAIT_S) is JobState.FAILED
    assert later.error is error
    assert heard[-1][0] is EngineState.FAILED
    assert sentence in heard[-1][1]
    assert worker.engine is None
    assert worker.stop()


def test_another_engine_is_made_for_the_jobs_that_come_after(worker: Worker[str]) -> None:
    seen: list[str] = []

    def look(engine: str) -> Iterator[JobEvent]:
        seen.append(engine)
        yield StepDone(1, 1, engine)

    worker.submit(job("a", look)).wait(WAIT_S)
    worker.change_engine(lambda: "another")
    assert worker.submit(job("b", look)).wait(WAIT_S) is JobState.DONE
    assert seen[1] == worker.engine == "another"
    assert seen[0] != "another"


def test_an_engine_that_cannot_be_made_can_be_changed_for_one_that_can() -> None:
    def make_engine() -> str:
        raise ProfileError("damaged")

    worker = Worker(make_engine)
    worker.start()
    assert worker.submit(job("a", steps("a"))).wait(WAIT_S) is JobState.FAILED
    worker.change_engine(lambda: "whole")
    assert worker.submit(job("b", steps("b"))).wait(WAIT_S) is JobState.DONE
    assert worker.engine_problem == ""
    assert worker.stop()


def test_the_engine_stays_while_a_job_has_not_ended(worker: Worker[str]) -> None:
    handle = worker.submit(job("Inspect parts", endless([])))
    with pytest.raises(EngineBusyError, match="'Inspect parts' has not ended"):
        worker.change_engine(lambda: "another")
    handle.cancel()
    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert worker.engine != "another"


def test_a_broken_watcher_of_the_engine_does_not_stop_the_jobs() -> None:
    def fail(state: EngineState, problem: str) -> None:
        raise RuntimeError("the window is gone")

    worker = Worker(lambda: "engine", fail)
    worker.start()

    assert worker.submit(job("a", steps("a"))).wait(WAIT_S) is JobState.DONE
    assert worker.stop()


def test_stopping_closes_the_running_job_and_cancels_the_waiting_ones(
    wait_until: Callable[[Callable[[], object]], None],
) -> None:
    closed: list[str] = []
    worker = Worker(lambda: "engine")
    notebook = Notebook()
    running = worker.submit(job("a", endless(closed)), notebook)
    waiting = worker.submit(job("b", steps("b")))
    worker.start()
    wait_until(lambda: notebook.events)

    assert worker.stop()

    assert running.wait(0) is JobState.CANCELLED
    assert waiting.wait(0) is JobState.CANCELLED
    assert closed == ["filo-worker"]
    assert worker.engine is None


def test_stopping_in_the_middle_of_a_long_step_says_that_it_has_not_ended_yet() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def run(engine: str) -> Iterator[JobEvent]:
        begun.set()
        go_on.wait(WAIT_S)
        yield StepDone(1, 1, "long")

    worker = Worker(lambda: "engine")
    handle = worker.submit(job("a", run))
    worker.start()
    assert begun.wait(WAIT_S)

    assert not worker.stop(timeout=0.01)
    assert handle.wait(0) is JobState.RUNNING
    go_on.set()
    assert worker.stop()
    assert handle.state is JobState.CANCELLED


def test_a_worker_stopped_while_its_engine_loads_cancels_what_waits() -> None:
    loading, go_on = threading.Event(), threading.Event()

    def make_engine() -> str:
        loading.set()
        go_on.wait(WAIT_S)
        return "engine"

    worker = Worker(make_engine)
    handle = worker.submit(job("a", steps("a")))
    worker.start()
    assert loading.wait(WAIT_S)

    assert not worker.stop(timeout=0.01)
    go_on.set()
    assert worker.stop()
    assert handle.wait(WAIT_S) is JobState.CANCELLED


def test_a_worker_that_was_never_started_cancels_its_jobs_when_stopped() -> None:
    worker = Worker(lambda: "engine")
    handle = worker.submit(job("a", steps("a")))

    assert worker.stop()

    assert handle.wait(0) is JobState.CANCELLED


def test_a_job_after_the_stop_is_refused_with_a_sentence() -> None:
    worker = Worker(lambda: "engine")
    worker.start()
    assert worker.stop()

    with pytest.raises(WorkerStoppedError, match="'a' cannot start"):
        worker.submit(job("a", steps("a")))


def test_stopping_twice_and_from_a_job_is_harmless() -> None:
    worker = Worker(lambda: "engine")
    worker.start()
    answers: list[bool] = []

    handle = worker.submit(job("a", endless([])), Notebook(lambda *_: answers.append(worker.stop())))

    assert handle.wait(WAIT_S) is JobState.CANCELLED
    assert answers == [False]
    assert worker.stop()
    assert worker.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_ends_the_whole_thread_leaves_nobody_waiting() -> None:
    def run(engine: str) -> Iterator[JobEvent]:
        yield StepDone(1, 2, "fine")
        raise SystemExit

    worker = Worker(lambda: "engine")
    ending = worker.submit(job("a", run))
    waiting = worker.submit(job("b", steps("b")))
    worker.start()

    assert ending.wait(WAIT_S) is JobState.CANCELLED
    assert waiting.wait(WAIT_S) is JobState.CANCELLED
    assert worker.stop()


def test_waiting_ends_with_the_state_there_is_when_the_time_is_up() -> None:
    worker = Worker(lambda: "engine")
    handle = worker.submit(job("a", steps("a")))

    assert handle.wait(0.01) is JobState.WAITING
    assert worker.stop()


def test_jobs_from_many_threads_all_end(worker: Worker[str]) -> None:
    handles: list[JobHandle] = []

    def submit_many(priority: Priority) -> None:
        for number in range(20):
            handle = worker.submit(job(f"{priority.name}{number}", steps("s", 5), priority))
            handles.append(handle)
            if number % 5 == 0:
                handle.pause()
                handle.resume()
            if number % 7 == 0:
                handle.cancel()

    threads = [threading.Thread(target=submit_many, args=(priority,)) for priority in (*Priority, *Priority)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ends = [handle.wait(WAIT_S) for handle in handles]

    assert len(ends) == 120
    assert set(ends) <= {JobState.DONE, JobState.CANCELLED}


def test_a_job_may_be_any_iterator(worker: Worker[str]) -> None:
    events: list[Any] = [StepDone(1, 1, "listed")]
    notebook = Notebook()

    handle = worker.submit(job("a", lambda _: iter(events)), notebook)

    assert handle.wait(WAIT_S) is JobState.DONE
    assert notebook.events == ["listed"]
