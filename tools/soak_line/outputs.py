"""Outputs that are away: a file that cannot be written, and a broker that is stopped and started again."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.line.outputs.mqtt import MqttSink
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger
from tools.soak_line.findings import PATIENCE_S, Findings, Unit, delivered_names, wait_for
from tools.stream_rig import free_port

if TYPE_CHECKING:
    from workflows.line.run import Line

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
_PARTS = 10
"""While it is away, and again once it is back."""


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each time away once for the file, and once for the broker where there is one."""
    for number in range(wanted):
        for kind in ("file", *(("broker",) if MOSQUITTO else ())):
            if sum(unit["kind"] == kind for unit in done) > number:
                continue
            place = home / f"{kind}-{number}"
            # What an interrupted run left.
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            yield {"kind": kind} | (_file_away(place) if kind == "file" else _broker_away(place))
            shutil.rmtree(place)


def findings(done: list[Unit]) -> Findings:
    """The table of all times away."""
    header = (
        "away",
        "times",
        "answers kept meanwhile",
        "delivered in order",
        "lost",
        "a second time, same key",
        "caught up, max",
    )
    found = Findings("An output, away", header)
    for kind, words in (("file", "CSV file"), ("broker", "MQTT broker (mosquitto)")):
        of_kind = [unit for unit in done if unit["kind"] == kind]
        if not of_kind:
            continue
        kept, delivered, lost, twice = (
            sum(unit[name] for unit in of_kind) for name in ("kept", "delivered", "lost", "twice")
        )
        asked = 2 * _PARTS * len(of_kind)
        caught_up = max(unit["caught_up"] for unit in of_kind)
        found.rows.append((words, len(of_kind), kept, f"{delivered} of {asked}", lost, twice, f"{caught_up:.1f} s"))
        found.require(lost == 0 and delivered == asked, f"{words}: {lost} lost")
        found.require(all(unit["in_order"] for unit in of_kind), f"{words}: out of order")
        found.require(kind == "broker" or twice == 0, f"{words}: {twice} twice")
    found.note = (
        "QoS 1 may deliver a message again under its own key, which is what the key is for."
        if MOSQUITTO
        else "The broker was not measured: mosquitto is not installed."
    )
    return found


def _file_away(home: Path) -> Unit:
    blocked = home / "out"
    blocked.write_text("", encoding="utf-8")
    sink = CsvSink(blocked / "out.csv")
    with line_in(home, [sink], detector=Brightness()) as line:
        _ask(line, 1)
        kept = line.outbox.backlog().get(sink.name, 0)
        blocked.unlink()
        _ask(line, 1 + _PARTS)
        caught_up = wait_for(lambda: not line.outbox.backlog())
    return _compared(delivered_names(blocked / "out.csv"), kept, caught_up)


def _broker_away(home: Path) -> Unit:
    port = free_port()
    configuration = home / "broker.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {home}/\n"
        f"pid_file {home}/broker.pid\nuser root\n",
        encoding="utf-8",
    )
    with broker(configuration), subscriber(port):
        # The subscription is kept by the broker from now on.
        pass
    sink = MqttSink(f"mqtt://127.0.0.1:{port}/line")
    with line_in(home, [sink], detector=Brightness()) as line:
        _ask(line, 1)
        kept = line.outbox.backlog().get(sink.name, 0)
        with broker(configuration), subscriber(port) as names:
            _ask(line, 1 + _PARTS)
            caught_up = wait_for(lambda: not line.outbox.backlog())
            wait_for(lambda: len(set(names)) >= 2 * _PARTS)
    return _compared(names, kept, caught_up)


def _compared(names: list[str], kept: int, caught_up: float) -> Unit:
    asked = [f"part-{number}" for number in range(1, 2 * _PARTS + 1)]
    once = list(dict.fromkeys(names))
    return {
        "kept": kept,
        "delivered": len(once),
        "lost": len(set(asked) - set(once)),
        "twice": len(names) - len(once),
        "in_order": once == asked,
        "caught_up": caught_up,
    }


def _ask(line: Line, first: int) -> None:
    for number in range(first, first + _PARTS):
        assert line.station.ask(part_trigger(number)).wait(PATIENCE_S) is not None


@contextmanager
def broker(configuration: Path) -> Iterator[None]:
    """A broker while the block runs."""
    assert MOSQUITTO is not None
    with subprocess.Popen([MOSQUITTO, "-c", str(configuration)], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def subscriber(port: int) -> Iterator[list[str]]:
    """The triggers' names as they arrive."""
    names: list[str] = []
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="soak", clean_session=False)
    client.on_connect = lambda client, *_: client.subscribe("line", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()

    def take(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        names.append(json.loads(message.payload)["trigger_id"])

    client.on_message = take
    wait_for(lambda: _connects(client, port))
    client.loop_start()
    assert subscribed.wait(PATIENCE_S), "the broker takes no subscription"
    try:
        yield names
    finally:
        client.disconnect()
        client.loop_stop()


def _connects(client: mqtt.Client, port: int) -> bool:
    try:
        client.connect("127.0.0.1", port)
    except OSError:
        return False
    return True
