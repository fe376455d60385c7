"""Sparkplug B against a real broker (Debian's mosquitto)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from filo_core.errors import SourceError
from filo_core.identity import Identity
from filo_core.line.outputs.known import make_sink
from filo_core.line.outputs.sparkplug import NOTHING, payload_class
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.types import Verdict
from tests.unit.filo_core.line.outputs.test_sinks import Broker, needs_broker, wait_until
from tools.stream_rig import free_port

PART = Identity("SN-4711", "L7", "0815")
NBIRTH, NDEATH, NCMD = (f"spBv1.0/plant/{kind}/line3" for kind in ("NBIRTH", "NDEATH", "NCMD"))
DBIRTH, DDATA = (f"spBv1.0/plant/{kind}/line3/camera" for kind in ("DBIRTH", "DDATA"))


def message(key: str = "box-1", verdict: Verdict = Verdict.OK, at: datetime | None = None) -> Message:
    now = at or datetime.now(UTC)
    return Message(
        key, LineResult("http-7", "nut", "h" * 64, verdict, now, "scratch", "top", 2, 0.25, identity=PART)
    )  # fmt: skip


class Host:
    """A host application of somebody else's: hears everything of the group, and may command."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, Any, int]] = []
        ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe("spBv1.0/plant/#", qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert ready.wait(20)

    def _on_message(self, _client: Any, _data: Any, said: Any) -> None:
        if said.topic != NCMD:
            self.heard.append((said.topic, payload_class().FromString(said.payload), said.qos))

    def command(self, payload: bytes) -> None:
        self._client.publish(NCMD, payload, qos=1).wait_for_publish(10)

    @property
    def topics(self) -> list[str]:
        return [topic for topic, _, _ in self.heard]

    def metrics(self, number: int) -> dict[str, Any]:
        fields = {8: "long_value", 10: "double_value", 11: "boolean_value", 12: "string_value"}
        return {one.name: getattr(one, fields[one.datatype]) for one in self.heard[number][1].metrics}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def host(broker: Broker) -> Iterator[Host]:
    made = Host(broker)
    yield made
    made.close()


def sink_at(broker: Broker, behind: str = "") -> Any:
    return make_sink(f"sparkplug://127.0.0.1:{broker.port}/plant/line3/camera{behind}")


@needs_broker
def test_node_and_device_are_born_and_each_result_is_data(broker: Broker, host: Host) -> None:
    sink = sink_at(broker)
    sink.deliver(message())
    sink.deliver(replace(message("box-2", Verdict.NG), seal=Seal("plant", "1:a", "s", "")))
    sink.close()
    wait_until(lambda: len(host.heard) == 5)
    assert host.topics == [NBIRTH, DBIRTH, DDATA, DDATA, NDEATH]
    assert [payload.seq for _, payload, _ in host.heard[:4]] == [0, 1, 2, 3]
    assert host.metrics(0) == {"bdSeq": 0, "Node Control/Rebirth": False}
    assert host.metrics(1) == NOTHING | {"Ready": True, "Problem": "", "Alarm": ""}
    first = host.metrics(2)
    content = json.loads(first.pop("Content"))
    assert (content["trigger_id"], content["serial"]) == ("http-7", "SN-4711")
    assert first == {
        "Verdict": "OK", "Pass": True, "Score": 0.25, "Product": "nut", "Serial": "SN-4711", "Lot": "L7",
        "Order": "0815", "ResultId": "http-7", "Key": "box-1", "AnomalyType": "scratch",
        "Position": "top", "Reason": "",
    }  # fmt: skip
    assert (host.metrics(3)["Pass"], host.metrics(3)["Verdict"]) == (False, "NG")
    assert not host.heard[2][1].metrics[0].is_historical
    assert host.metrics(4) == {"bdSeq": 0}
    # The death is the will's: it has no number in the sequence.
    assert not host.heard[4][1].HasField("seq")


@needs_broker
def test_a_line_that_dies_is_told_by_the_broker_and_born_with_the_next_number(broker: Broker, host: Host) -> None:
    sink = sink_at(broker)
    sink.keep_alive()
    wait_until(lambda: len(host.heard) == 2)
    # As a process that is killed: no word of its own.
    sink._client.socket().close()
    sink._client = None
    wait_until(lambda: host.topics[2:] == [NDEATH])
    sink.keep_alive()
    wait_until(lambda: host.topics[3:] == [NBIRTH, DBIRTH])
    assert [host.metrics(number)["bdSeq"] for number in (0, 2, 3)] == [0, 0, 1]
    sink.close()


@needs_broker
def test_who_asks_for_it_hears_the_births_again_with_the_newest_result(broker: Broker, host: Host) -> None:
    sink = sink_at(broker)
    sink.deliver(message())
    host.command(b"\xff\xffno payload")
    wish = payload_class()()
    wish.metrics.add(name="Node Control/Rebirth", datatype=11, boolean_value=True)
    host.command(wish.SerializeToString())

    def again() -> bool:
        sink.keep_alive()
        return len(host.heard) >= 5

    wait_until(again)
    assert host.topics == [NBIRTH, DBIRTH, DDATA, NBIRTH, DBIRTH]
    assert host.metrics(4)["Serial"] == "SN-4711"
    assert host.heard[3][1].seq == 0
    sink.close()


@needs_broker
def test_a_line_that_is_not_ready_takes_pass_away_and_an_old_result_is_one_of_the_past(
    broker: Broker, host: Host
) -> None:
    sink = sink_at(broker)
    sink.deliver(message())
    sink.tell(Readiness("The camera is away.", datetime.now(UTC)))
    wait_until(lambda: len(host.heard) == 4)
    said = host.metrics(3)
    assert (said["Ready"], said["Pass"], said["Problem"]) == (False, False, "The camera is away.")
    sink.tell(Readiness("", datetime.now(UTC)))
    sink.tell_alarm(Seal("plant", "1:a", "s", "The record was altered."))
    sink.deliver(message("box-2", at=datetime.now(UTC) - timedelta(hours=1)))
    wait_until(lambda: len(host.heard) == 7)
    assert host.metrics(5)["Alarm"] == "The record was altered."
    assert all(one.is_historical for one in host.heard[6][1].metrics)
    sink.close()


@needs_broker
@pytest.mark.parametrize("qos", [0, 1])
def test_the_quality_of_service_is_as_the_address_says(broker: Broker, host: Host, qos: int) -> None:
    sink = sink_at(broker, f"?qos={qos}")
    sink.deliver(message())
    wait_until(lambda: len(host.heard) == 3)
    assert [heard for _, _, heard in host.heard] == [qos, qos, qos]
    sink.close()


@needs_broker
def test_a_broker_that_goes_away_is_noticed_and_found_again(broker: Broker, host: Host) -> None:
    sink = sink_at(broker)
    sink.deliver(message())
    broker.stop()
    with pytest.raises(SinkError, match="does not take messages"):
        sink.deliver(message("box-2"))
    broker.start()
    sink.deliver(message("box-2"))
    sink.close()


def test_a_broker_that_is_away_is_a_sentence_without_the_password() -> None:
    sink = make_sink(f"sparkplugs://anna:geheim@127.0.0.1:{free_port()}/plant/line3/camera")
    with pytest.raises(SinkError) as caught:
        sink.check()
    assert "geheim" not in str(caught.value) + sink.name + repr(sink)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sparkplug://host/plant/line3", "group, node and device"),
        ("sparkplug://host/plant/+/camera", "group, node and device"),
        ("sparkplug:///plant/line3/camera", "names no broker"),
        ("sparkplug://host/plant/line3/camera?qos=2", "from 0 to 1"),
    ],
)
def test_an_address_that_can_be_none_is_refused(address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        make_sink(address)


def test_the_bytes_are_those_of_the_public_schema() -> None:
    payload = payload_class()(timestamp=1, seq=2)
    payload.metrics.add(name="P", timestamp=3, datatype=11, boolean_value=True)
    # 1: varint, 2: length-delimited {1 name, 3 timestamp, 4 datatype, 14 boolean}, 3: varint.
    assert payload.SerializeToString().hex(" ") == "08 01 12 09 0a 01 50 18 03 20 0b 70 01 18 02"
