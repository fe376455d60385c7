"""The EtherNet/IP output against cpppo's simulator of a Logix PLC, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec

import pytest

from filo_core.errors import SourceError
from filo_core.identity import Identity, SeenBefore
from filo_core.line.outputs.ethernet_ip import RESULT_LENGTH, TEXTS
from filo_core.line.outputs.known import make_sink
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.types import Verdict
from tools.stream_rig import free_port

pytest.importorskip("pylogix", reason="pip install 'filo-inspector[protocols]'")
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
PART = Identity("SN-4711", "L7", "0815")
SEAL = Seal("plant", "1:a", "s", "The record was altered.")


def message(key: str = "box-1", verdict: Verdict = Verdict.OK, identity: Identity = PART) -> Message:
    result = LineResult(
        "http-7", "nut", "h" * 64, verdict, NOW, "scratch", "top", 2, 0.25, identity=identity,
        seen_before=SeenBefore(3, "OK", NOW, 9),
    )  # fmt: skip
    return Message(key, result)


class Plc:
    """A simulated PLC with our tags, and a client that looks at them."""

    def __init__(self, prefix: str = "FiLo_", without: str = "") -> None:
        self.port, self.prefix = free_port(), prefix
        tags = {"Result": f"DINT[{RESULT_LENGTH}]", "State": "DINT[2]", "Score": "REAL"}
        tags |= {tag: f"SINT[{most}]" for tag, most in TEXTS.items()}
        named = [f"{prefix}{tag}={kind}" for tag, kind in tags.items() if tag != without]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cpppo.server.enip", "--address", f"127.0.0.1:{self.port}", *named],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        by = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < by, "the simulator did not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def address(self, behind: str = "") -> str:
        return f"ethernet-ip://127.0.0.1:{self.port}{behind}"

    def numbers(self, tag: str, count: int, kind: int = 0xC4) -> list[int]:
        from pylogix import PLC

        with PLC("127.0.0.1", 0, 5.0, port=self.port) as client:
            answer = client.Read(f"{self.prefix}{tag}" + ("[0]" if count > 1 else ""), count, datatype=kind)
            assert answer.Status == "Success", answer
            return list(answer.Value) if count > 1 else [answer.Value]

    @property
    def result(self) -> list[int]:
        return self.numbers("Result", RESULT_LENGTH)[:6]

    def text(self, tag: str) -> str:
        return bytes(byte & 0xFF for byte in self.numbers(tag, TEXTS[tag], 0xC2)).rstrip(b"\0").decode()


needs_simulator = pytest.mark.skipif(find_spec("cpppo") is None, reason="cpppo is not installed")


@pytest.fixture
def plc() -> Iterator[Plc]:
    made = Plc()
    yield made
    made.stop()


@needs_simulator
def test_a_result_lies_in_the_tags_and_counts_on(plc: Plc) -> None:
    sink = make_sink(plc.address())
    sink.check()
    sink.deliver(message())
    assert plc.result == [1, 1, 1, 0, 2, 3]
    assert plc.numbers("Score", 1, 0xCA) == [0.25]
    assert {tag: plc.text(tag) for tag in TEXTS} == {
        "ResultId": "http-7", "Product": "nut", "Serial": "SN-4711", "Lot": "L7", "Order": "0815", "Type": "scratch",
    }  # fmt: skip
    assert plc.numbers("State", 2) == [1, 1]
    # A repetition counts once, also after a restart.
    sink.deliver(message())
    sink.close()
    assert plc.numbers("State", 2)[0] == 0
    assert plc.result[:3] == [1, 0, 0]
    sink = make_sink(plc.address())
    sink.deliver(message())
    assert plc.result[0] == 1
    sink.deliver(message("box-2", Verdict.REVIEW, Identity("件" * 41)))
    assert plc.result[:4] == [2, 2, 0, 2]
    assert (plc.text("Serial"), plc.text("Lot")) == ("", "")
    sink.deliver(replace(message("box-3", identity=Identity("件" * 40)), seal=SEAL))
    assert plc.result[:4] == [3, 1, 1, 1]
    assert plc.text("Serial") == "件" * 40
    sink.tell(Readiness("The camera is away.", NOW))
    assert (plc.result[:3], plc.numbers("State", 2)[0]) == ([3, 0, 0], 2)
    sink.tell_alarm(Seal())
    assert plc.result[3] == 0
    plc.stop()
    with pytest.raises(SinkError):
        sink.deliver(message("box-4"))
    sink.close()


@needs_simulator
def test_a_tag_that_is_missing_is_named() -> None:
    plc = Plc(prefix="Cell3.", without="Lot")
    sink = make_sink(plc.address("?prefix=Cell3."))
    with pytest.raises(SinkError, match=r"does not take the tag Cell3\.Lot"):
        sink.check()
    with pytest.raises(SinkError, match=r"does not take the tag Cell3\.Lot"):
        sink.deliver(message())
    # Nothing is taken for a result that is not all there.
    assert plc.result[:3] == [0, 0, 0]
    plc.stop()


def test_a_plc_that_is_away_is_a_sentence() -> None:
    sink = make_sink(f"ethernet-ip://127.0.0.1:{free_port()}")
    for try_it in (sink.check, sink.keep_alive, lambda: sink.deliver(message())):
        with pytest.raises(SinkError, match="Check the PLC"):
            try_it()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ethernet-ip:///x", "names no PLC"),
        ("ethernet-ip://10.0.0.6/1", "names no PLC"),
        ("ethernet-ip://10.0.0.6?slot=17", "from 0 to 16"),
        ("ethernet-ip://10.0.0.6?prefix=7-x", "can begin no tag"),
        ("ethernet-ip://10.0.0.6?tag=x", "'tag' is no field"),
    ],
)
def test_an_address_that_can_be_none_is_refused(address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        make_sink(address)
