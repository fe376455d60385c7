"""A thread of a line that dies makes it not ready, which every output says, and is started again."""

from __future__ import annotations

import csv
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.line.plc.register_map import Input, Status
from filo_core.line.sinks.base import NOT_READY, ONLINE, Message, Readiness
from filo_core.line.triggers.folder import FolderTrigger
from filo_core.types import Verdict
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger
from workflows.line.doors import Doors
from workflows.line.readiness import ReadinessWatch
from workflows.line.run import Line
from workflows.line.triggers import plc_server
from workflows.settings.output_address import Output

Wait = Callable[..., None]
THREADS = (
    "filo-station", "filo-station-watch", "filo-station-keep", "filo-folder-trigger", "filo-folder-look",
    "filo-folder-probe", "filo-readiness", "filo-courier-told",
)  # fmt: skip


class Told:
    """A receiver that writes down what it is told, and when."""

    name = "told"

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.states: list[Readiness] = []
        self.fails = False

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def tell(self, readiness: Readiness) -> None:
        if self.fails:
            raise ValueError("a driver's own error")
        self.states.append(readiness)

    def check(self) -> None:
        pass

    def keep_alive(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def line(tmp_path: Path, folder: Path, told: Told, wait_until: Wait) -> Iterator[Line]:
    """A line that watches a folder, with a receiver and a file."""
    sinks = [told, CsvSink(tmp_path / "out.csv")]
    with line_in(tmp_path / "home", sinks, detector=Brightness()) as made:  # type: ignore[arg-type]
        trigger = FolderTrigger(
            folder, made.announcer, every_s=0.02, settled_s=0.05, patience_s=0.2, memory=made.outbox.memory_of(folder)
        )
        made.parts.append(trigger)
        trigger.start()
        # A watch of the system that is killed while it is being made leaves its own thread behind.
        wait_until(lambda: trigger._files._files._notices.are_on)
        yield made
        trigger.stop()


def kill(name: str) -> None:
    """Have a thread raise SystemExit at its next step."""
    ident = next(thread.ident for thread in threading.enumerate() if thread.name == name)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit)) == 1


def save(path: Path, brightness: int) -> None:
    Image.new("RGB", (16, 12), (brightness,) * 3).save(path)


@pytest.mark.parametrize("name", THREADS)
def test_a_thread_that_dies_is_said_by_every_output_and_the_next_part_is_judged(
    line: Line, folder: Path, told: Told, tmp_path: Path, wait_until: Wait, name: str
) -> None:
    handshake, _ = plc_server(Output(address="modbus:127.0.0.1:5020"), line.announcer, line.recipe, Doors())
    wait_until(lambda: line.problem == "")
    kill(name)
    # A thread that waits for work dies when it gets some.
    save(folder / "first.png", 10)
    wait_until(lambda: line.announcer.problem)
    assert not Status(handshake.words()[Input.STATUS]) & Status.READY
    wait_until(lambda: told.states)
    assert told.states[0].state == NOT_READY
    assert "started again" in told.states[0].problem
    wait_until(lambda: told.states[-1].state == ONLINE)
    save(folder / "second.png", 11)
    wait_until(lambda: {message.result.file for message in told.messages} == {"first.png", "second.png"})
    assert len(told.messages) == 2
    wait_until((tmp_path / "out.state.csv").exists)
    states = (tmp_path / "out.state.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in states[:2]] == ["state", NOT_READY]


def test_a_folder_that_is_away_is_said_and_the_files_that_came_meanwhile_are_answered(
    line: Line, folder: Path, told: Told, tmp_path: Path, wait_until: Wait
) -> None:
    save(folder / "before.png", 10)
    wait_until(lambda: told.messages)
    folder.rename(tmp_path / "elsewhere")
    wait_until(lambda: told.states)
    assert told.states[0].state == NOT_READY
    assert str(folder) in told.states[0].problem
    save(tmp_path / "elsewhere" / "meanwhile.png", 11)
    (tmp_path / "elsewhere").rename(folder)
    wait_until(lambda: len(told.messages) == 2)
    wait_until(lambda: told.states[-1].state == ONLINE)
    assert [message.result.file for message in told.messages] == ["before.png", "meanwhile.png"]


def test_each_file_has_one_answer_that_names_it_wherever_it_goes(
    line: Line, folder: Path, told: Told, tmp_path: Path, wait_until: Wait
) -> None:
    for number in range(3):
        (folder / f"empty_{number}.jpg").touch()
    save(folder / "a.png", 10)
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    wait_until(lambda: len(told.messages) >= 5)
    save(folder / "a.png", 200)
    wait_until(lambda: len(told.messages) >= 6 and not line.outbox.backlog())
    files = ["a.png", "a.png", "b.png", "empty_0.jpg", "empty_1.jpg", "empty_2.jpg"]
    assert sorted(message.result.file for message in told.messages) == files
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert sorted(row["file"] for row in csv.DictReader(file)) == files
    verdicts = {message.result.file: message.result.verdict for message in told.messages}
    assert verdicts == {
        "a.png": Verdict.NG,
        "b.png": Verdict.OK,
        **{f"empty_{number}.jpg": Verdict.NOT_INSPECTED for number in range(3)},
    }


def test_a_receiver_that_cannot_be_told_gets_its_verdicts_all_the_same(
    line: Line, told: Told, wait_until: Wait
) -> None:
    told.fails = True
    line.delivery.tell(Readiness("The camera is away.", datetime.now(UTC)))
    assert line.station.ask(part_trigger(1)).wait(20) is not None
    wait_until(lambda: told.messages)


def test_a_line_that_is_ready_tells_nothing_and_one_that_changes_tells_each_change(wait_until: Wait) -> None:
    problem, states = "", []
    looks: list[float] = []

    def ask() -> str:
        looks.append(time.monotonic())
        return problem

    watch = ReadinessWatch(ask, states.append)
    watch.start()
    wait_until(lambda: len(looks) > 2)
    assert states == []
    problem = "The camera is away."
    wait_until(lambda: states)
    problem = ""
    wait_until(lambda: len(states) == 2)
    watch.stop()
    assert [state.problem for state in states] == ["The camera is away.", ""]
