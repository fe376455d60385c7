"""Outputs of the line as they are kept and tried out, against real receivers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from filo_core.errors import SettingsError, SourceError
from filo_core.line.sinks.base import SinkError
from storage.storage import open_storage
from workflows.line.doors import with_password
from workflows.line.outputs import OutputEditor, OutputStore, outbox_names
from workflows.people.access import Access
from workflows.settings.file import SETTINGS_FILE
from workflows.settings.output_address import Output
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings

BROKER = Output.of("mqtt", "broker.local:1883/line/7", user="anna", secure=True, ca_file="/etc/ca.pem")


@pytest.fixture
def store(filo_home: Path) -> Iterator[OutputEditor]:
    settings = Settings()
    with open_storage(settings.database_url, settings.images) as storage:
        yield OutputEditor(filo_home, Access(storage))


class _Hook(BaseHTTPRequestHandler):
    status = 501
    posted = 0

    def do_HEAD(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()

    def do_POST(self) -> None:
        type(self).posted += 1

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[tuple[Output, type[_Hook]]]:
    handler = type("Handler", (_Hook,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Output.of("http", f"127.0.0.1:{server.server_address[1]}/in"), handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_output_is_put_together_and_taken_apart_again() -> None:
    assert BROKER.address == "mqtts://anna@broker.local:1883/line/7"
    parts = (BROKER.kind, BROKER.place, BROKER.user, BROKER.secure, BROKER.ca_file)
    assert parts == ("mqtt", "broker.local:1883/line/7", "anna", True, "/etc/ca.pem")
    server = Output.of("modbus", "0.0.0.0:5020")
    assert (server.kind, server.listens_on, server.secret_name) == ("modbus", ("0.0.0.0", 5020), "")
    odd = Output.of("http", "mes.local/in", user="a@b:c")
    assert (odd.user, odd.place) == ("a@b:c", "mes.local/in")


@pytest.mark.parametrize(
    ("kind", "place", "words"),
    [
        ("mqtt", " ", "has no address"),
        ("mqtt", "broker:port/x", "names no host, or has no valid port"),
        ("http", "/path", "names no host"),
        ("http", "anna:geheim@host/in", "holds a name or password"),
        ("http", "host/in?token=geheim", "holds parameters"),
        ("modbus", "127.0.0.1", "names no port"),
        ("modbus", "127.0.0.1:70000", "names no port"),
        ("csv", "/", "is a folder"),
    ],
)
def test_what_can_be_no_output_is_said_without_its_password(kind: str, place: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        Output.of(kind, place)
    assert "geheim" not in str(refused.value)


def test_a_password_reaches_the_sink_and_neither_the_settings_nor_a_name(store: OutputEditor, filo_home: Path) -> None:
    outputs = store.put((), BROKER, "geheim-7")
    assert Settings().outputs == outputs == (BROKER,)
    assert "geheim-7" not in (filo_home / SETTINGS_FILE).read_text(encoding="utf-8")
    assert store.has_password(BROKER)
    assert SecretStore(filo_home).filled(BROKER.address, BROKER.secret_name).count("geheim-7") == 1
    (sink,) = store.sinks(outputs)
    assert sink.name == "mqtts://***@broker.local:1883/line/7"


def test_another_user_takes_the_password_of_the_one_before_with_it(store: OutputEditor, filo_home: Path) -> None:
    outputs = store.put((), BROKER, "geheim-7")
    other = Output.of("mqtt", BROKER.place, user="ben")
    outputs = store.put(outputs, other, None, BROKER)
    assert outputs == (other,)
    assert SecretStore(filo_home).names() == ()
    with pytest.raises(SourceError, match="belongs to a user"):
        store.put(outputs, Output.of("mqtt", "elsewhere"), "geheim-7")


def test_the_password_stays_while_another_output_needs_it(store: OutputEditor, filo_home: Path) -> None:
    second = Output.of("mqtt", "broker.local:1883/line/8", user="anna", secure=True)
    outputs = store.put(store.put((), BROKER, "geheim-7"), second, None)
    outputs = store.remove(outputs, BROKER)
    assert store.has_password(second)
    assert store.remove(outputs, second) == ()
    assert SecretStore(filo_home).names() == ()


@pytest.mark.parametrize(
    "edited",
    [
        "mqtt://anna@broker.local:1883/x",
        "mqtts://anna@broker.local/x",
        "mqtts://ben@broker.local:1883/x",
        "mqtts://anna@evil.local:1883/x",
        "https://anna@broker.local:1883/x",
    ],
)
def test_an_edited_address_is_not_given_the_password_of_another(
    store: OutputEditor, filo_home: Path, edited: str
) -> None:
    store.put((), BROKER, "geheim-7")
    output = Output(address=edited)
    assert not store.has_password(output)
    assert store.password(output).get_secret_value() == ""
    assert with_password(edited, SecretStore(filo_home)) == edited


def test_a_password_in_clear_needs_a_yes(store: OutputEditor, filo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output.of("mqtt", "broker.local/x", user="anna")
    store.put((), output, "geheim-7")
    for attempt in (
        lambda: store.sinks([output]),
        lambda: store.check(output),
        lambda: with_password(output.address, SecretStore(filo_home)),
    ):
        with pytest.raises(SourceError, match="would travel in clear"):
            attempt()
    monkeypatch.setenv("FILO_CLEAR_PASSWORDS", "broker.local")
    assert len(store.sinks([output])) == 1


def test_the_same_address_twice_is_refused(store: OutputEditor) -> None:
    outputs = store.put((), BROKER, None)
    with pytest.raises(SourceError, match="already"):
        store.put(outputs, Output(address=BROKER.address), None)


def test_a_settings_file_with_something_else_as_output_is_refused(filo_home: Path) -> None:
    filo_home.mkdir()
    (filo_home / SETTINGS_FILE).write_text('{"outputs": [{"address": "ftp://x"}]}', encoding="utf-8")
    with pytest.raises(SettingsError, match="outputs"):
        Settings()


# Trying out ----------------------------------------------------------------------------------------------------


def test_a_web_address_is_tried_without_posting_a_verdict(
    store: OutputEditor, hook: tuple[Output, type[_Hook]]
) -> None:
    output, handler = hook
    for fine in (200, 204, 405, 501):
        handler.status = fine
        store.check(output)
    for wrong in (401, 404, 500):
        handler.status = wrong
        with pytest.raises(SinkError, match=f"answered {wrong}"):
            store.check(output)
    assert handler.posted == 0


def test_nobody_there_is_said_in_words(store: OutputEditor) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(SinkError, match="does not answer"):
        store.check(Output.of("http", f"127.0.0.1:{port}"))
    with pytest.raises(SinkError, match="does not take messages"):
        store.check(Output.of("mqtt", f"127.0.0.1:{port}", user="anna"), "geheim-7")


def test_a_file_is_tried_and_not_left_behind(store: OutputEditor, filo_home: Path) -> None:
    path = filo_home / "exports" / "deep" / "out.csv"
    store.check(Output.of("csv", "deep/out.csv"))
    assert path.parent.is_dir()
    assert not path.exists()
    path.write_text("kept\n", encoding="utf-8")
    with pytest.raises(SinkError, match="holds something else"):
        store.check(Output.of("csv", str(path)))
    assert path.read_text(encoding="utf-8") == "kept\n"
    with pytest.raises(SinkError, match="cannot be written"):
        store.check(Output.of("csv", str(path / "no folder.csv")))


@pytest.mark.parametrize(
    "place", ["{home}/settings.csv", "../out.csv", "{home}/exports/../out.csv", "link/out.csv", "own.csv", "."]
)
def test_a_file_outside_of_the_folder_of_exports_is_refused_by_its_name(
    store: OutputEditor, filo_home: Path, tmp_path: Path, place: str
) -> None:
    exports, outside = filo_home / "exports", tmp_path / "outside"
    exports.mkdir(parents=True)
    outside.mkdir()
    (exports / "link").symlink_to(outside)
    (exports / "own.csv").symlink_to(outside / "out.csv")
    output = Output(address=f"csv:{place.format(home=filo_home)}")
    for attempt in (
        lambda: store.put((), output, None),
        lambda: store.check(output),
        lambda: store.sinks([output]),
    ):
        with pytest.raises(SourceError, match=f"is not below {exports}, the folder of exports"):
            attempt()
    assert list(outside.iterdir()) == []
    assert Settings().outputs == ()


def test_another_folder_of_exports_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, filo_home: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("FILO_EXPORTS", str(tmp_path / "share"))
    assert Settings().export_folder == tmp_path / "share"
    store = OutputStore(filo_home, exports=Settings().export_folder)
    (sink,) = store.sinks([Output(address="csv:line.csv")])
    assert sink.name == f"csv:{tmp_path / 'share' / 'line.csv'}"
    assert outbox_names([Output(address="csv:line.csv")], Settings().export_folder) == {"csv:line.csv": sink.name}
    with pytest.raises(SourceError, match="is not below"):
        store.sinks([Output(address=f"csv:{filo_home}/exports/line.csv")])


def test_a_port_that_is_taken_is_said_before_the_line_starts(store: OutputEditor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        output = Output.of("modbus", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(SourceError, match="cannot be used"):
            store.check(output)
    store.check(output)
