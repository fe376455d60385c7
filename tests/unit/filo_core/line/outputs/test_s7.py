"""The S7 output against the server of python-snap7."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filo_core.errors import SourceError
from filo_core.identity import Identity, SeenBefore
from filo_core.line.outputs import spec as specs_module
from filo_core.line.outputs.known import make_sink
from filo_core.line.outputs.s7 import LENGTH
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.types import Verdict
from storage.outbox import Outbox
from tools.stream_rig import free_port
from workflows.line.delivery import BackOff, Delivery

pytest.importorskip("snap7", reason="pip install 'filo-inspector[protocols]'")

from snap7.server import Server
from snap7.type import SrvArea

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
PART = Identity("SN-4711", "L7", "0815")


def message(key: str = "box-1", verdict: Verdict = Verdict.OK, identity: Identity = PART) -> Message:
    result = LineResult(
        "a", "nut", "h" * 64, verdict, NOW, "scratch", "top", 2, 0.25, identity=identity,
        seen_before=SeenBefore(3, "OK", NOW, 9),
    )  # fmt: skip
    return Message(key, result)


class Plc:
    """A PLC with DB10, which can go away and come back."""

    def __init__(self, size: int = LENGTH) -> None:
        self.port, self.block, self._server = free_port(), bytearray(size), None
        self.start()

    def start(self) -> None:
        self._server = Server(log=False)
        self._server.register_area(SrvArea.DB, 10, self.block)
        self._server.start(tcp_port=self.port)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def address(self, behind: str = "") -> str:
        return f"s7://127.0.0.1:{self.port}/DB10{behind}"

    @property
    def head(self) -> tuple[int, ...]:
        """Counter, verdict, bits, state."""
        return struct.unpack(">IhBB", self.block[:8])

    def text(self, offset: int) -> str:
        return self.block[offset + 2 : offset + 2 + self.block[offset + 1]].decode()


@pytest.fixture
def plc() -> Iterator[Plc]:
    made = Plc()
    yield made
    made.stop()


def test_a_result_lies_in_the_block_as_the_docs_say(plc: Plc) -> None:
    sink = make_sink(plc.address())
    sink.deliver(message())
    assert plc.head == (1, 1, 1, 1)
    assert struct.unpack(">fhh", plc.block[90:98]) == (0.25, 2, 3)
    texts = {offset: plc.text(offset) for offset in (8, 98, 160, 282, 404, 526)}
    assert texts == {8: "box-1", 98: "nut", 160: "SN-4711", 282: "L7", 404: "0815", 526: "scratch"}
    assert [plc.block[offset] for offset in (8, 98, 160, 526)] == [80, 60, 120, 60]
    assert plc.block[589] == 1
    sink.keep_alive()
    assert plc.block[589] == 2
    sink.close()
    assert plc.head == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("verdict", "number"),
    [(Verdict.OK, 1), (Verdict.REVIEW, 2), (Verdict.NG, 3), (Verdict.NOT_INSPECTED, 4)],
)
def test_only_ok_passes(plc: Plc, verdict: Verdict, number: int) -> None:
    sink = make_sink(plc.address())
    sink.deliver(message(verdict=verdict))
    assert plc.head[1:3] == (number, 1 if verdict is Verdict.OK else 0)
    sink.close()


def test_a_repetition_is_not_counted_twice_and_the_counter_goes_on_after_a_restart(plc: Plc) -> None:
    for key in ("box-1", "box-1", "box-2"):
        sink = make_sink(plc.address())
        sink.deliver(message(key))
        sink.close()
    assert plc.head[0] == 2
    plc.block[:4] = b"\xff\xff\xff\xff"
    sink = make_sink(plc.address())
    sink.deliver(message("box-3"))
    assert plc.head[0] == 1
    sink.close()


def test_a_text_that_does_not_fit_is_left_out_and_said(plc: Plc) -> None:
    sink = make_sink(plc.address())
    sink.deliver(message("k" * 200, identity=Identity("件" * 41, "L7")))
    assert plc.head[2] == 1 | 4
    assert (plc.text(160), plc.text(282), len(plc.text(8))) == ("", "L7", 64)
    sink.deliver(message("next", identity=Identity("件" * 40)))
    assert (plc.head[2], plc.text(160), plc.text(282)) == (1, "件" * 40, "")
    sink.close()


def test_a_line_that_is_not_ready_takes_pass_away_and_an_alarm_has_its_bit(plc: Plc) -> None:
    sink = make_sink(plc.address())
    sink.deliver(message())
    sink.tell_alarm(Seal("plant", "1:a", "s", "The record was altered."))
    assert plc.head[2] == 1 | 2
    sink.tell(Readiness("The camera is away.", NOW))
    assert plc.head == (1, 0, 0, 2)
    sink.tell(Readiness("", NOW))
    sink.deliver(replace(message("box-2"), seal=Seal("plant", "1:a", "s", "The record was altered.")))
    assert plc.head == (2, 1, 3, 1)
    sink.close()


def test_rack_slot_and_start_are_fields(plc: Plc) -> None:
    plc.stop()
    plc.block = bytearray(LENGTH + 100)
    plc.start()
    sink = make_sink(plc.address("?rack=0&slot=2&start=100"))
    sink.check()
    sink.deliver(message())
    assert plc.block[:100] == bytes(100)
    assert struct.unpack(">IhBB", plc.block[100:108]) == (1, 1, 1, 1)
    assert sink.name == f"s7://127.0.0.1:{plc.port}/DB10"
    sink.close()


def test_a_block_that_is_missing_or_too_short_is_a_sentence(plc: Plc) -> None:
    make_sink(plc.address()).check()
    with pytest.raises(SinkError, match="has no 590 bytes in DB10 from 9 on"):
        make_sink(plc.address("?start=9")).check()
    missing = make_sink(plc.address().replace("DB10", "DB11"))
    with pytest.raises(SinkError, match="DB11"):
        missing.check()
    with pytest.raises(SinkError, match="does not take results"):
        missing.deliver(message())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s7://10.0.0.1", "names no data block"),
        ("s7://10.0.0.1/DB0", "names no data block"),
        ("s7://10.0.0.1/DB70000", "names no data block"),
        ("s7://10.0.0.1/M10", "names no data block"),
        ("s7://10.0.0.1/DB1?slot=32", "from 0 to 31"),
        ("s7://10.0.0.1/DB1?pass=1", "'pass' is no field"),
    ],
)
def test_an_address_that_can_be_none_is_refused(address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        make_sink(address)


def test_what_a_plc_missed_comes_in_order_once_it_is_back(
    plc: Plc, tmp_path: Path, wait_until: Callable[[Callable[[], object]], None]
) -> None:
    plc.stop()
    sink = make_sink(plc.address())
    outbox = Outbox(tmp_path / "outbox.sqlite")
    for number in range(5):
        opened, _ = outbox.open_trigger(f"part-{number}", timedelta(seconds=5))
        outbox.close_trigger(opened, replace(message().result, trigger_id=f"part-{number}"), [sink.name])
    outbox.close()
    delivery = Delivery(tmp_path / "outbox.sqlite", [sink], BackOff(0.02, 0.2))
    delivery.start()
    wait_until(lambda: delivery.state.problem)
    assert "cannot be reached" in delivery.state.problem
    assert delivery.state.waiting == 5
    plc.start()
    wait_until(lambda: delivery.state.waiting == 0)
    assert plc.head[0] == 5
    delivery.stop()


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs_module, "find_spec", lambda _name: None)
    with pytest.raises(SourceError, match=r"needs the package python-snap7.*filo-inspector\[protocols\]"):
        make_sink("s7://10.0.0.1/DB1").check()
