from __future__ import annotations

import csv
import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from filo_core.errors import SourceError
from filo_core.identity import FIELDS, Identity, SeenBefore
from filo_core.line.outputs.csv_file import COLUMNS, CsvSink
from filo_core.line.outputs.known import make_sink
from filo_core.line.outputs.mqtt import MqttSink
from filo_core.line.outputs.webhook import WebhookSink
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.types import Verdict
from tools.stream_rig import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed (make system-test)")


def message(name: str = "a", key: str = "box-1", reason: str = "") -> Message:
    now = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    return Message(key, LineResult(name, "nut", "h" * 64, Verdict.NG, now, "scratch", "top", 2, 0.9, reason=reason))


# CSV -----------------------------------------------------------------------------------------------------------


def test_csv_files_of_one_name_in_two_folders_are_two_outputs(tmp_path: Path) -> None:
    assert CsvSink(tmp_path / "a" / "out.csv").name != CsvSink(tmp_path / "b" / "out.csv").name


def test_csv_has_a_header_and_a_line_a_result(tmp_path: Path) -> None:
    sink = CsvSink(tmp_path / "deep" / "out.csv")
    sink.deliver(message("a", "box-1"))
    sink.deliver(message("b", "box-2"))
    lines = (tmp_path / "deep" / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("key,trigger_id,product,")
    assert [line.split(",")[:2] for line in lines[1:]] == [["box-1", "a"], ["box-2", "b"]]


def test_csv_repeated_after_a_lost_mark_adds_no_second_line(tmp_path: Path) -> None:
    for _ in range(3):
        CsvSink(tmp_path / "out.csv").deliver(message())
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("box-1") == 1


def test_csv_half_a_line_left_by_a_power_cut_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    CsvSink(path).deliver(message("a", "box-1"))
    with path.open("ab") as file:
        file.write(b"box-2,b,nu")
    CsvSink(path).deliver(message("b", "box-2"))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("box-2,b,nut,")


def test_csv_a_sentence_with_line_breaks_and_a_formula_stays_one_harmless_cell(tmp_path: Path) -> None:
    CsvSink(tmp_path / "out.csv").deliver(message(reason="=HYPERLINK(1)\nsecond"))
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(f"'=HYPERLINK(1) second,,,,,{',' * (len(FIELDS) + 1)}")


def test_csv_a_part_stands_in_columns_and_runs_as_no_formula(tmp_path: Path) -> None:
    named = message()
    seen = SeenBefore(2, "NG", datetime.now(UTC), 1)
    part = Identity("=1+1", "@L", "08  15", field_3="-2")
    named = replace(named, result=replace(named.result, identity=part, seen_before=seen))
    CsvSink(tmp_path / "out.csv").deliver(named)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert [row[name] for name in FIELDS] == ["'=1+1", "'@L", "08  15", "", "", "'-2"]
    assert row["seen_before"] == "2"


def test_mqtt_and_webhook_send_a_part_by_its_fields() -> None:
    named = message()
    named = replace(named, result=replace(named.result, identity=Identity("A-1", lot="L7")))
    content = json.loads(named.to_json())
    assert (content["serial"], content["lot"]) == ("A-1", "L7")


def test_csv_names_the_file_that_was_judged_in_a_file_of_an_earlier_version_as_well(tmp_path: Path) -> None:
    judged = message()
    judged = replace(judged, result=replace(judged.result, file="shift/part.png"))
    for name, header in (("new.csv", ""), ("old.csv", ",".join(one for one in COLUMNS if one != "file") + "\n")):
        (tmp_path / name).write_text(header, encoding="utf-8")
        CsvSink(tmp_path / name).deliver(judged)
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        assert None not in row
        assert "shift/part.png" in row.get("file", row["reason"])


def test_csv_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SinkError, match="cannot be written"):
        CsvSink(tmp_path / "file" / "out.csv").deliver(message())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_csv_a_full_disk_is_said_in_a_sentence() -> None:
    with pytest.raises(SinkError, match="No space left"):
        CsvSink(Path("/dev/full")).deliver(message())


@pytest.mark.parametrize("content", [b"their list", b"key,trigger_id", b"a,b\n1,2\n", b"\0" * 99])
def test_csv_a_file_that_is_not_ours_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    theirs, states = tmp_path / "out.csv", tmp_path / "new.state.csv"
    for path in (theirs, states):
        path.write_bytes(content + b"!")
    for attempt in (
        lambda: CsvSink(theirs).deliver(message()),
        lambda: CsvSink(theirs).check(),
        lambda: CsvSink(tmp_path / "new.csv").tell(Readiness("", datetime.now(UTC))),
    ):
        with pytest.raises(SinkError, match="holds something else"):
            attempt()
    assert {path.read_bytes() for path in (theirs, states)} == {content + b"!"}


def test_csv_a_link_that_is_put_there_later_leads_nowhere_else(tmp_path: Path) -> None:
    exports, outside = tmp_path / "exports", tmp_path / "outside"
    outside.mkdir()
    sink = make_sink("csv:line/out.csv", exports=exports)
    sink.deliver(message())
    shutil.rmtree(exports / "line")
    (exports / "line").symlink_to(outside)
    for attempt in (lambda: sink.deliver(message("box-2")), sink.check):
        with pytest.raises(SinkError, match="the folder of exports"):
            attempt()
    assert list(outside.iterdir()) == []


# Webhook -------------------------------------------------------------------------------------------------------


class Hook(BaseHTTPRequestHandler):
    status = 200
    got: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.headers["Idempotency-Key"], body))
        self.send_response(self.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[tuple[str, type[Hook]]]:
    handler = type("Handler", (Hook,), {"got": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/in?token=geheim", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhook_posts_the_result_with_its_key(hook: tuple[str, type[Hook]]) -> None:
    address, handler = hook
    sink = WebhookSink(address)
    sink.deliver(message())
    sink.close()
    ((key, body),) = handler.got
    assert key == "box-1"
    assert (body["verdict"], body["reads_as"], body["anomaly_type"]) == ("NG", "NG", "scratch")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_webhook_anything_but_success_is_not_delivered(hook: tuple[str, type[Hook]], status: int) -> None:
    address, handler = hook
    handler.status = status
    sink = WebhookSink(address)
    with pytest.raises(SinkError, match=str(status)) as caught:
        sink.deliver(message())
    sink.close()
    assert "geheim" not in str(caught.value) + sink.name + repr(sink)
    assert len(handler.got) == 1


def test_webhook_a_server_that_is_away_is_said_without_its_password() -> None:
    sink = WebhookSink(f"http://anna:geheim@127.0.0.1:{free_port()}/in", timeout_s=2.0)
    with pytest.raises(SinkError) as caught:
        sink.deliver(message())
    sink.close()
    assert "geheim" not in str(caught.value) + sink.name + repr(sink)


# MQTT ----------------------------------------------------------------------------------------------------------


class Broker:
    """Debian's mosquitto on loopback, which can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


@contextmanager
def listening(broker: Broker, topic: str, take: Callable[[mqtt.MQTTMessage], None]) -> Iterator[None]:
    """A subscriber of ``topic`` that hands on what it hears."""
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, heard: take(heard)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.wait(10)
    yield
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def heard(broker: Broker) -> Iterator[list[dict[str, Any]]]:
    """What a subscriber of the topic hears."""
    got: list[dict[str, Any]] = []
    with listening(broker, "line/3", lambda heard: got.append(json.loads(heard.payload) | {"qos": heard.qos})):
        yield got


@needs_broker
def test_mqtt_publishes_with_qos_1_to_its_topic(broker: Broker, heard: list[dict[str, Any]]) -> None:
    sink = MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3")
    sink.deliver(message())
    wait_until(lambda: heard)
    sink.close()
    assert (heard[0]["key"], heard[0]["verdict"], heard[0]["qos"]) == ("box-1", "NG", 1)


@needs_broker
def test_mqtt_a_broker_that_goes_away_is_noticed_and_found_again(broker: Broker) -> None:
    sink = MqttSink(f"mqtt://anna:geheim@127.0.0.1:{broker.port}/line/3", timeout_s=2.0)
    sink.deliver(message())
    broker.stop()
    with pytest.raises(SinkError) as caught:
        sink.deliver(message())
    broker.start()
    sink.deliver(message())
    sink.close()
    assert "geheim" not in str(caught.value) + sink.name + repr(sink)


@needs_broker
def test_mqtt_a_broker_that_was_restarted_between_two_parts_costs_no_failure(broker: Broker) -> None:
    sink = MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3")
    sink.deliver(message())
    broker.stop()
    broker.start()
    sink.deliver(message("b", "box-2"))
    sink.close()


@pytest.fixture
def states(broker: Broker) -> Iterator[list[str]]:
    """What the topic of the line's state says, from the retained word on."""
    got: list[str] = []
    with listening(broker, "line/3/state", lambda heard: got.append(heard.payload.decode())):
        yield got


@needs_broker
def test_mqtt_a_line_is_online_until_it_ends_and_a_trial_changes_nothing(broker: Broker, states: list[str]) -> None:
    sink = MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3")
    sink.keep_alive()
    MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3").check()
    sink.deliver(message())
    sink.keep_alive()
    sink.close()
    wait_until(lambda: states[-1:] == ["offline"])
    assert states == ["online", "offline"]


@needs_broker
def test_mqtt_a_line_that_is_killed_is_called_offline_by_the_broker(broker: Broker, states: list[str]) -> None:
    code = (
        "import sys, time\nfrom filo_core.line.outputs.mqtt import MqttSink\n"
        "sink = MqttSink(sys.argv[1])\nsink.keep_alive()\ntime.sleep(600)\n"
    )
    address = f"mqtt://127.0.0.1:{broker.port}/line/3"
    with subprocess.Popen([sys.executable, "-c", code, address], cwd=Path(__file__).parents[5]) as line:
        wait_until(lambda: states == ["online"])
        line.kill()
    wait_until(lambda: states == ["online", "offline"])


@needs_broker
def test_mqtt_a_connection_that_was_cut_leaves_the_line_online(broker: Broker, states: list[str]) -> None:
    sink = MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3")
    sink.keep_alive()
    wait_until(lambda: states == ["online"])
    assert sink._client is not None
    broken = sink._client
    # As a network that is cut: the broker hears nothing of it.
    sink._client = None
    sink.keep_alive()
    wait_until(lambda: states[1:])
    wait_until(lambda: states[-1] == "online")
    assert broken is not sink._client
    sink.close()


def test_mqtt_tls_without_a_certificate_that_holds_delivers_nothing() -> None:
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen()
        plain.settimeout(10)
        port = plain.getsockname()[1]
        greeting: list[bytes] = []

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                greeting.append(connection.recv(5))

        thread = threading.Thread(target=answer)
        thread.start()
        sink = MqttSink(f"mqtts://127.0.0.1:{port}/line", timeout_s=2.0)
        with pytest.raises(SinkError):
            sink.deliver(message())
        thread.join()
    # A TLS hello, not a plain CONNECT with the password in it.
    assert greeting[0][:2] == b"\x16\x03"


# Addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["ftp://anna:geheim@host/x", "csv:", "mqtt:///topic", "nonsense"])
def test_an_address_that_is_no_output_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(SourceError) as caught:
        make_sink(address)
    assert "geheim" not in str(caught.value)


def test_addresses_lead_to_their_sinks(tmp_path: Path) -> None:
    assert isinstance(make_sink("mqtts://host/topic"), MqttSink)
    assert isinstance(make_sink("https://host/in"), WebhookSink)
    assert isinstance(make_sink(f"csv:{tmp_path}/out.csv"), CsvSink)


# Seals and alarms -----------------------------------------------------------------------------------------------

SEAL = Seal("plant 7", "12:abc", "signed", "The record was altered.")


def sealed(name: str = "a", key: str = "box-1") -> Message:
    return replace(message(name, key), seal=SEAL)


def test_csv_carries_the_head_and_an_alarm_is_a_line_that_reads_as_ng(tmp_path: Path) -> None:
    sink = CsvSink(tmp_path / "out.csv")
    sink.deliver(sealed())
    sink.tell_alarm(SEAL)
    sink.tell_alarm(SEAL)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        verdict, alarm = csv.DictReader(file)
    assert (verdict["verdict"], verdict["head"], verdict["head_signature"]) == ("NG", "12:abc", "signed")
    assert (alarm["verdict"], alarm["reads_as"], alarm["alarm"]) == ("ALARM", "NG", "The record was altered.")


def test_csv_with_the_columns_of_an_older_program_is_kept_beside_and_another_s_file_is_left_alone(
    tmp_path: Path,
) -> None:
    old, foreign = tmp_path / "out.csv", tmp_path / "list.csv"
    old.write_text("key,trigger_id,verdict\nbox-0,z,OK\n")
    foreign.write_text("name,phone\nAda,1\n")
    CsvSink(old).deliver(sealed())
    (kept,) = tmp_path.glob("out.until-*.csv")
    assert kept.read_text() == "key,trigger_id,verdict\nbox-0,z,OK\n"
    assert old.read_text().count("\n") == 2
    with pytest.raises(SinkError, match="something else than verdicts"):
        CsvSink(foreign).deliver(sealed())
    assert foreign.read_text() == "name,phone\nAda,1\n"


def test_webhook_carries_the_head_and_posts_an_alarm_of_its_own(hook: tuple[str, type[Hook]]) -> None:
    address, handler = hook
    sink = WebhookSink(address)
    sink.deliver(sealed())
    sink.tell_alarm(SEAL)
    sink.close()
    (_, verdict), (key, alarm) = handler.got
    assert (verdict["head"], verdict["installation"], verdict["alarm"]) == ("12:abc", "plant 7", SEAL.alarm)
    assert key.startswith("alarm-")
    assert alarm == SEAL.fields


@needs_broker
def test_mqtt_carries_the_head_and_holds_an_alarm_below_its_topic_until_it_is_settled(
    broker: Broker, heard: list[dict[str, Any]]
) -> None:
    sink = MqttSink(f"mqtt://127.0.0.1:{broker.port}/line/3")
    sink.deliver(sealed())
    wait_until(lambda: heard)
    assert heard[0]["head"] == "12:abc"
    sink.tell_alarm(SEAL)
    # Whoever comes later hears it too.
    alarms: list[bytes] = []
    with listening(broker, "line/3/alarm", lambda got: alarms.append(got.payload)):
        wait_until(lambda: alarms)
        sink.tell_alarm(replace(SEAL, alarm=""))
        wait_until(lambda: len(alarms) == 2)
    sink.close()
    assert json.loads(alarms[0])["alarm"] == SEAL.alarm
    assert alarms[1] == b""


class Endless(BaseHTTPRequestHandler):
    """Takes a post, and answers without end."""

    protocol_version = "HTTP/1.1"
    headers_seen: list[tuple[dict[str, str], bytes]]
    written: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.headers_seen.append((dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        try:
            for _ in range(4096):
                self.wfile.write(b"x" * 65536)
                self.written.append(65536)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def test_webhook_reads_no_endless_answer_and_signs_what_it_posts() -> None:
    handler = type("Handler", (Endless,), {"headers_seen": [], "written": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    sink = WebhookSink(f"http://127.0.0.1:{server.server_port}/hook", secret="between us")
    try:
        sink.deliver(sealed())
        sink.deliver(sealed())
    finally:
        sink.close()
        server.shutdown()
        server.server_close()
        thread.join()
    # What the kernel holds between the two is all that was sent beyond what was read.
    assert sum(handler.written) < 64 << 20
    deliveries = set()
    for headers, body in handler.headers_seen:
        said = f"{headers['FiLo-Delivery']}.{headers['FiLo-Timestamp']}.".encode() + body
        expected = hmac.new(b"between us", said, hashlib.sha256).hexdigest()
        assert headers["FiLo-Signature"] == f"sha256={expected}"
        assert headers["Idempotency-Key"] == "box-1"
        deliveries.add(headers["FiLo-Delivery"])
    assert len(deliveries) == 2


def test_webhook_without_a_secret_has_a_delivery_and_no_signature(hook: tuple[str, type[Hook]]) -> None:
    sink = WebhookSink(hook[0])
    headers = sink._signed(b"{}")
    assert "FiLo-Delivery" in headers
    assert "FiLo-Signature" not in headers
