"""A PLC that only reads, by a real client at a real port: of a continuous line, and of a watched folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from pymodbus.client import ModbusTcpClient

from filo_core.errors import SourceError
from filo_core.line.plc import handshake
from filo_core.line.plc.register_map import VERDICT_CODES, Coil, Input, LineError, Status
from filo_core.line.sources.base import ImageSource
from filo_core.line.sources.choose import source_at
from filo_core.line.triggers.base import TriggerKind
from filo_core.types import Verdict
from tests.unit.filo_core.line.station_parts import HandFedSource
from tools.brightness import Brightness
from tools.line_rig import line_in
from tools.stream_rig import free_port
from workflows.line.doors import Doors
from workflows.line.run import Line
from workflows.line.triggers import TriggerChoice, answers_plc, choice_of, plcs_of, triggers_of_live
from workflows.settings.output_address import Output

WaitUntil = Callable[..., None]
OK, NG, MISSED = (VERDICT_CODES[verdict] for verdict in (Verdict.OK, Verdict.NG, Verdict.NOT_INSPECTED))


PATIENCE_S = 60.0
"""Instead of two seconds, so that a machine that stands still for some fails no test."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "PUBLISHED_S", PATIENCE_S)


class Plc:
    """The client that a PLC is."""

    def __init__(self, port: int) -> None:
        self.client = ModbusTcpClient("127.0.0.1", port=port, timeout=5)
        assert self.client.connect()

    def read(self) -> dict[Input, int]:
        answer = self.client.read_input_registers(0, count=len(Input))
        assert not answer.isError()
        return dict(zip(Input, answer.registers, strict=True))

    @property
    def verdict(self) -> int:
        return self.read()[Input.VERDICT]

    @property
    def status(self) -> Status:
        return Status(self.read()[Input.STATUS])


@contextmanager
def reading(home: Path, trigger: TriggerChoice, source: ImageSource | None = None) -> Iterator[tuple[Line, Plc]]:
    """A line as Live opens it, with the server of one output and its PLC."""
    port = free_port()
    outputs = [Output(address=f"modbus:127.0.0.1:{port}")]
    with line_in(home, source=source, detector=Brightness(), deadline_s=PATIENCE_S) as line:
        parts = line.parts = triggers_of_live(trigger, line, outputs, Doors())
        for part in reversed(parts):
            part.start()
        plc = Plc(port)
        try:
            yield line, plc
        finally:
            plc.client.close()
            for part in parts:
                part.stop()


def save(path: Path, brightness: int) -> None:
    Image.new("RGB", (8, 8), (brightness,) * 3).save(path)


def test_the_verdicts_of_a_continuous_line_are_read_by_a_plc_that_asks_for_none(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    camera = source_at("test://part?rate=20&size=128x96")
    with reading(tmp_path, TriggerChoice(), camera) as (_, plc):
        seen: list[dict[Input, int]] = []

        def read_a_result() -> bool:
            seen.append(plc.read())
            return seen[-1][Input.RESULTS] >= 10

        wait_until(read_a_result)
        valid = [words for words in seen if Status.VALID in Status(words[Input.STATUS])]
        assert valid
        for words in valid:
            assert (words[Input.JOB_HIGH], words[Input.JOB_LOW]) == (0, 0)
            assert words[Input.PASS] == (words[Input.VERDICT] == OK)
        assert len({words[Input.HEARTBEAT] for words in seen}) > 1


def test_the_newest_frame_decides_and_without_a_camera_nothing_passes(
    tmp_path: Path, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = HandFedSource()
    with reading(tmp_path, TriggerChoice(), camera) as (_, plc):
        for brightness, verdict in ((0, OK), (255, NG), (0, OK)):
            camera.put(brightness)
            wait_until(lambda verdict=verdict: plc.verdict == verdict)
        monkeypatch.setattr(handshake, "PUBLISHED_S", 0.1)
        camera.put(0)
        # Nothing comes any more: it does not stay.
        wait_until(lambda: plc.verdict == 0)
        monkeypatch.setattr(handshake, "PUBLISHED_S", PATIENCE_S)
        camera.put(0)
        wait_until(lambda: plc.verdict == OK)
        camera.problem, camera.state = "The camera is gone.", type(camera.state).LOST
        assert (plc.verdict, plc.status) == (0, Status.ERROR)


def test_a_plc_may_ask_beside_a_continuous_line_and_gets_its_own_part_alone(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    camera = HandFedSource()
    with reading(tmp_path, TriggerChoice(), camera) as (_, plc):
        plc.client.write_registers(0, [0, 9])
        plc.client.write_coil(Coil.TRIGGER, True)
        assert Status.BUSY in plc.status

        def has_its_own() -> bool:
            camera.put(0)
            words = plc.read()
            assert words[Input.VERDICT] == 0 or words[Input.JOB_LOW] == 9
            return bool(words[Input.VERDICT])

        wait_until(has_its_own)


def test_every_file_of_a_watched_folder_is_read_and_a_file_that_was_there_before_is_not(
    tmp_path: Path, wait_until: WaitUntil
) -> None:
    watched = tmp_path / "drop"
    watched.mkdir()
    folder = TriggerChoice(TriggerKind.FOLDER, str(watched))
    with reading(tmp_path, folder) as (_, plc):
        for number, (brightness, verdict) in enumerate(((0, OK), (250, NG), (5, OK)), start=1):
            save(watched / f"{number}.png", brightness)
            wait_until(lambda verdict=verdict, number=number: plc.verdict == verdict)
            assert plc.read()[Input.RESULTS] == number
        (watched / "torn.png").write_bytes(b"\x89PNG torn")
        wait_until(lambda: plc.verdict == MISSED)
    with reading(tmp_path, folder) as (_, plc):
        save(watched / "new.png", 10)
        wait_until(lambda: plc.verdict == OK)
        # All four have had their answers: none of them is news.
        assert plc.read()[Input.RESULTS] == 1


def test_a_watched_folder_that_is_away_is_no_line_that_is_ready(tmp_path: Path, wait_until: WaitUntil) -> None:
    watched = tmp_path / "drop"
    watched.mkdir()
    with reading(tmp_path, TriggerChoice(TriggerKind.FOLDER, str(watched))) as (line, plc):
        save(watched / "1.png", 0)
        wait_until(lambda: plc.verdict == OK)
        watched.rename(tmp_path / "elsewhere")
        wait_until(lambda: plc.status == Status.ERROR)
        assert plc.verdict == 0
        assert str(watched) in line.problem
        (tmp_path / "elsewhere").rename(watched)
        wait_until(lambda: plc.status == Status.READY)
        assert plc.verdict == 0


def test_a_plc_that_asks_beside_a_watched_folder_is_told_that_it_only_reads(tmp_path: Path) -> None:
    with reading(tmp_path, TriggerChoice(TriggerKind.FOLDER, str(tmp_path))) as (line, plc):
        plc.client.write_coil(Coil.TRIGGER, True)
        assert plc.read()[Input.ERROR] == LineError.TAKES_NO_TRIGGER
        assert Status.BUSY not in plc.status
        assert line.station.counters.triggers == 0


@pytest.mark.parametrize(
    ("trigger", "kept", "left"),
    [
        ("continuous", ("modbus:127.0.0.1:5020", "csv:out.csv"), ["127.0.0.1:5020"]),
        ("modbus:127.0.0.1:5020", ("modbus:0.0.0.0:5020", "modbus:0.0.0.0:5021"), ["0.0.0.0:5021"]),
        ("modbus", ("modbus:0.0.0.0:5020",), []),
    ],
)
def test_the_servers_of_the_outputs_listen_beside_those_that_were_chosen(
    trigger: str, kept: Sequence[str], left: list[str]
) -> None:
    outputs = [Output(address=address) for address in kept]
    assert [one.place for one in plcs_of(outputs, [choice_of(trigger)])] == left


def test_a_server_without_a_port_is_said_in_a_sentence() -> None:
    with pytest.raises(SourceError, match="names no port"):
        plcs_of([Output(address="modbus:plc")], [TriggerChoice(TriggerKind.MODBUS)])


def test_a_plc_asks_in_live_where_neither_camera_nor_files_set_the_pace() -> None:
    assert {kind for kind in TriggerKind if answers_plc(kind)} == {
        TriggerKind.KEY,
        TriggerKind.MODBUS,
        TriggerKind.HTTP,
        TriggerKind.MQTT,
        TriggerKind.OPCUA,
    }
