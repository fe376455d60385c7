"""The MQTT trigger against a real broker (Debian's mosquitto)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from filo_core.errors import SourceError
from filo_core.identity import Identity
from filo_core.line.sinks.base import Seal
from filo_core.line.triggers.mqtt import MqttTrigger
from tests.unit.filo_core.line.outputs.test_sinks import Broker, needs_broker
from tools.line_rig import PRODUCT
from tools.stream_rig import free_port

WaitUntil = Callable[[Callable[[], object]], None]


class Client:
    """Another one's client: asks at the topic and hears what is said below it."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, Any, bool]] = []
        ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe("line/3/#", qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _c, _u, said: self.heard.append((said.topic, said.payload, said.retain))
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert ready.wait(20)

    def ask(self, content: bytes | dict[str, Any], *, qos: int = 1, retain: bool = False) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._client.publish("line/3", body, qos=qos, retain=retain)

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(body) for topic, body, _ in self.heard if topic == "line/3/answer"]

    @property
    def states(self) -> list[str]:
        return [body.decode() for topic, body, _ in self.heard if topic == "line/3/state"]

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
def client(broker: Broker) -> Iterator[Client]:
    made = Client(broker)
    yield made
    made.close()


@pytest.fixture
def listening(desk: Any, broker: Broker, wait_until: WaitUntil) -> Iterator[Callable[..., MqttTrigger]]:
    with ExitStack() as ending:

        def make(address: str = "", **options: Any) -> MqttTrigger:
            made = MqttTrigger(desk, address or f"mqtt://127.0.0.1:{broker.port}/line/3", PRODUCT, **options)
            made.start()
            ending.callback(made.stop)
            wait_until(lambda: made.is_listening)
            return made

        yield make


@needs_broker
def test_a_message_is_answered_with_its_verdict_at_the_other_topic(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    listening(own_fields=("mould",), seal=lambda: Seal("plant", "1:abc", "signed", ""))
    client.ask({"id": "7", "product": PRODUCT, "serial": "SN-1", "lot": "L7", "order": "0815", "mould": "M3"})
    wait_until(lambda: client.answers)
    (answer,) = client.answers
    assert (answer["id"], answer["trigger_id"], answer["verdict"], answer["reads_as"]) == ("7", "mqtt-7", "OK", "OK")
    assert (answer["repeated"], answer["installation"], answer["head"]) == (False, "plant", "1:abc")
    assert desk.asked[0].identity == Identity("SN-1", "L7", "0815", field_1="M3")
    assert client.states == ["online"]


@needs_broker
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_same_id_again_is_the_same_verdict_and_asked_once_in_effect(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil, qos: int
) -> None:
    desk.remembers = True
    listening()
    for _ in range(3):
        client.ask({"id": "7", "serial": "SN-1"}, qos=qos)
    wait_until(lambda: len(client.answers) == 3)
    assert sorted(answer["repeated"] for answer in client.answers) == [False, True, True]
    assert len(desk.asked) == 1
    client.ask({"id": "7", "serial": "SN-2"})
    wait_until(lambda: len(client.answers) == 4)
    assert client.answers[3]["reads_as"] == "NG"
    assert "begun for another part" in client.answers[3]["error"]


@needs_broker
def test_what_cannot_be_a_wish_is_refused_with_its_reason(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    listening()
    wrong = {
        "another encoding than UTF-8": '{"id": "7", "serial": "Gehäuse"}'.encode("latin-1"),
        "At most 4096 bytes": b'{"id": "7", "serial": "' + b"x" * 5000 + b'"}',
        "no object of JSON": b"[" * 4000,
        "1 to 80 letters": b'{"id": "../x"}',
        "'colour' is no field": b'{"id": "7", "colour": "red"}',
        "This line inspects": b'{"id": "7", "product": "nut"}',
        "says a field twice": b'{"id": "7", "serial": "A", "serial": "B"}',
        "The serial has 121 characters": json.dumps({"id": "7", "serial": "x" * 121}).encode(),
        "cannot be seen": json.dumps({"id": "7", "lot": "a\u202eb"}).encode(),
        "No part was judged under the id 9": b'{"id": "9", "repeat": true}',
        "Send {": b'{"id": "\\ud800"}',
    }
    for number, (words, body) in enumerate(wrong.items(), start=1):
        client.ask(body)
        wait_until(lambda number=number: len(client.answers) == number)  # type: ignore[misc]
        answer = client.answers[-1]
        assert (words in answer["error"], answer["reads_as"]) == (True, "NG"), answer
    assert desk.asked == []
    assert [answer["id"] for answer in client.answers][4:6] == ["7", "7"]


@needs_broker
def test_what_the_broker_has_kept_is_not_asked_for(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    client.ask({"id": "old"}, retain=True)
    wait_until(lambda: client.heard)
    listening()
    wait_until(lambda: client.answers)
    assert "has kept this message" in client.answers[0]["error"]
    assert desk.asked == []


@needs_broker
def test_a_broker_that_was_away_is_found_again_and_what_it_missed_is_not_asked_for(
    listening: Callable[..., MqttTrigger], broker: Broker, client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    trigger = listening()
    broker.stop()
    wait_until(lambda: not trigger.is_listening)
    wait_until(lambda: trigger.problem)
    assert "where triggers come from, cannot be reached" in trigger.problem
    broker.start()
    wait_until(lambda: trigger.is_listening)
    assert trigger.problem == ""
    wait_until(lambda: client.states[-1:] == ["online"])
    client.ask({"id": "8"})
    wait_until(lambda: client.answers)
    assert [one.trigger_id for one in desk.asked] == ["mqtt-8"]


@needs_broker
def test_a_verdict_that_comes_after_its_deadline_reads_as_ng(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    desk.answers = False
    listening(deadline_s=0.2)
    client.ask({"id": "7"})
    wait_until(lambda: desk.asked)
    time.sleep(0.4)
    desk.answer_all()
    wait_until(lambda: client.answers)
    assert (client.answers[0]["verdict"], client.answers[0]["reads_as"]) == ("OK", "NG")
    assert "after its deadline" in client.answers[0]["reason"]


@needs_broker
def test_who_asks_hears_whether_the_line_is_ready_and_when_it_has_gone(
    listening: Callable[..., MqttTrigger], client: Client, desk: Any, wait_until: WaitUntil
) -> None:
    trigger = listening()
    wait_until(lambda: client.states == ["online"])
    desk.problem = "The camera is away."
    wait_until(lambda: client.states == ["online", "not ready"])
    trigger.stop()
    wait_until(lambda: client.states == ["online", "not ready", "offline"])


@needs_broker
def test_the_answer_goes_where_the_address_says(
    listening: Callable[..., MqttTrigger], broker: Broker, client: Client, wait_until: WaitUntil
) -> None:
    listening(f"mqtt://127.0.0.1:{broker.port}/line/3?reply=line/3/verdict")
    client.ask({"id": "7"})
    wait_until(lambda: any(topic == "line/3/verdict" for topic, _, _ in client.heard))
    assert client.answers == []


def test_a_broker_that_never_was_there_keeps_nobody_waiting(desk: Any, wait_until: WaitUntil) -> None:
    trigger = MqttTrigger(desk, f"mqtt://anna:geheim@127.0.0.1:{free_port()}/line/3", PRODUCT)
    begun = time.monotonic()
    trigger.start()
    assert time.monotonic() - begun < 2.0
    wait_until(lambda: trigger.problem)
    assert "geheim" not in trigger.problem + repr(trigger)
    trigger.stop()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mqtt://host", "no topic of one line"),
        ("mqtt://host/line/+", "no topic of one line"),
        ("mqtt://host/line/%23", "no topic of one line"),
        ("mqtt:///line", "names no broker"),
        ("mqtt://host/line?reply=line", "would answer to the topic"),
        ("mqtt://host/line?qos=2", "'qos' is no field"),
    ],
)
def test_an_address_that_cannot_be_listened_to_is_refused(desk: Any, address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        MqttTrigger(desk, address, PRODUCT)
