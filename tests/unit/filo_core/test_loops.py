"""A thread that dies is told, and begun anew."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from filo_core import loops
from filo_core.loops import Loop, first_problem

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 20.0


class Make(Protocol):
    def __call__(self, body: object, **options: object) -> Loop: ...


@pytest.fixture
def make() -> Iterator[Make]:
    """Make a loop that is stopped at the end."""
    with ExitStack() as ending:

        def made(body, **options) -> Loop:  # type: ignore[no-untyped-def]
            loop = Loop("filo-test", body, "counts", **options)
            ending.callback(loop.stop, WAIT_S)
            return loop

        yield made


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), SystemExit(), KeyboardInterrupt(), GeneratorExit()])
def test_a_loop_that_dies_of_anything_is_told_and_runs_again(make: Make, error: BaseException) -> None:
    lives: list[threading.Thread] = []
    told: list[str] = []
    again = threading.Event()

    def body() -> None:
        lives.append(threading.current_thread())
        if len(lives) == 1:
            raise error
        again.set()
        loop.pause(WAIT_S)

    loop = make(body, on_death=told.append)
    loop.start()
    assert again.wait(WAIT_S)
    assert [type(error).__name__ in sentence for sentence in told] == [True]
    assert "counts failed" in told[0]
    assert loop.deaths == 1
    assert loop.is_running
    assert {life.name for life in lives} == {"filo-test"}
    assert loop.problem == told[0]


def test_a_death_is_said_until_the_next_life_has_lasted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(loops.time, "monotonic", lambda: now)
    begun = threading.Semaphore(0)

    def body() -> None:
        begun.release()
        if loop.deaths == 0:
            raise OSError
        loop.pause(WAIT_S)

    loop = make(body)
    assert loop.problem == ""
    loop.start()
    assert begun.acquire(timeout=WAIT_S)
    assert begun.acquire(timeout=WAIT_S)
    now += loops.HOLD_S - 0.01
    assert loop.problem
    now += 0.02
    assert loop.problem == ""
    assert first_problem([loop]) == ""


def test_a_loop_that_dies_at_once_each_time_never_looks_well_and_waits_longer_each_time(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    said: list[str] = []
    often = threading.Event()

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        said.append(loop.problem)
        if len(pauses) == 10:
            often.set()
            loop.ask_to_stop()
        return loop.must_stop()

    def body() -> None:
        raise OSError

    loop = make(body)
    monkeypatch.setattr(loop, "pause", pause)
    loop.start()
    assert often.wait(WAIT_S)
    assert loop.join(WAIT_S)
    assert all(said)
    assert pauses == sorted(pauses)
    assert max(pauses) == loops._LONGEST_PAUSE_S


def test_a_body_that_returns_has_ended_and_may_be_started_again(make: Make) -> None:
    runs: list[int] = []
    loop = make(lambda: runs.append(1))
    loop.start()
    assert loop.join(WAIT_S)
    loop.start()
    assert loop.join(WAIT_S)
    assert (len(runs), loop.deaths, loop.problem) == (2, 0, "")


def test_a_stop_ends_a_loop_that_waits_for_its_next_life(make: Make) -> None:
    def body() -> None:
        raise OSError

    dead = threading.Event()
    loop = make(body, on_death=lambda _: dead.set())
    loop.start()
    assert dead.wait(WAIT_S)
    assert loop.stop(WAIT_S)
    assert not loop.is_running


def test_who_is_told_of_a_death_may_fail_without_keeping_the_loop_from_living(make: Make) -> None:
    again = threading.Event()

    def body() -> None:
        if loop.deaths == 0:
            raise OSError
        again.set()

    def fail(_: str) -> None:
        raise ValueError("nobody listens")

    loop = make(body, on_death=fail)
    loop.start()
    assert again.wait(WAIT_S)


def test_a_loop_cannot_wait_for_itself(make: Make) -> None:
    ended: list[bool] = []
    loop = make(lambda: ended.append(loop.stop(WAIT_S)))
    loop.start()
    assert loop.join(WAIT_S)
    assert ended == [False]


def _threads_made_by_hand(file: Path) -> list[int]:
    calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    names = ((node, ast.unparse(node.func)) for node in calls)
    return [node.lineno for node, name in names if name in {"threading.Thread", "Thread"}]


def test_every_thread_of_engine_store_and_workflows_is_a_loop() -> None:
    folders = [ROOT / name for name in ("filo_core", "storage", "workflows")]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    by_hand = [f"{file.relative_to(ROOT)}:{line}" for file in files for line in _threads_made_by_hand(file)]
    assert [where.partition(":")[0] for where in by_hand] == [str(Path("filo_core", "loops.py"))]
