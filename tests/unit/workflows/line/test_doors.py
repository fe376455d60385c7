"""Who may reach the line's servers, as the settings and the command line say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from filo_core.errors import SourceError
from filo_core.line.plc.access import is_within
from filo_core.line.triggers.base import TriggerKind
from workflows.line.doors import Doors, doors_of
from workflows.line.outputs import OutputStore
from workflows.line.triggers import TriggerChoice, triggers_of_live
from workflows.settings.output_address import Output
from workflows.settings.secret_store import LINE, SecretStore
from workflows.settings.settings import Settings


def test_the_list_of_writers_and_the_wish_to_listen_everywhere_reach_the_modbus_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert doors_of(Settings()).modbus.writers == ()
    monkeypatch.setenv("FILO_MODBUS_WRITERS", "10.0.0.7,10.0.3.0/24")
    monkeypatch.setenv("FILO_MODBUS_EVERYWHERE", "true")
    access = doors_of(Settings()).modbus
    assert access.everywhere
    assert [is_within(address, access.writers) for address in ("10.0.0.7", "10.0.3.9", "10.0.0.8")] == [
        True,
        True,
        False,
    ]


def test_a_writer_that_is_no_address_is_said_before_anything_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILO_MODBUS_WRITERS", "press-3")
    with pytest.raises(SourceError, match="press-3"):
        doors_of(Settings())


def test_the_token_of_the_variable_wins_over_the_one_that_was_made(
    filo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doors_of(Settings()).token() == ""
    SecretStore(filo_home).set(LINE, "made")
    assert doors_of(Settings()).token() == "made"
    monkeypatch.setenv("FILO_LINE_TOKEN", "set")
    assert doors_of(Settings()).token() == "set"


def test_a_certificate_of_the_command_line_wins_with_its_key_and_a_key_alone_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert doors_of(Settings()).tls is None
    monkeypatch.setenv("FILO_LINE_CERTIFICATE", str(tmp_path / "set.pem"))
    monkeypatch.setenv("FILO_LINE_CERTIFICATE_KEY", str(tmp_path / "set.key"))
    doors = doors_of(Settings())
    assert doors.tls is not None
    assert (doors.tls.chain, doors.tls.key) == (tmp_path / "set.pem", tmp_path / "set.key")
    named = doors.with_certificate(tmp_path / "named.pem", None).tls
    assert named is not None
    assert (named.chain, named.key) == (tmp_path / "named.pem", None)
    with pytest.raises(SourceError, match="no certificate"):
        _ = Doors(certificate_key=tmp_path / "set.key").tls


def test_an_output_on_every_network_is_refused_when_it_is_tried_out(
    filo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(address="modbus:0.0.0.0:5020")
    with pytest.raises(SourceError, match="FILO_MODBUS_EVERYWHERE"):
        OutputStore(filo_home).check(output)


@pytest.mark.parametrize(
    ("kind", "place", "held"),
    [
        (TriggerKind.MQTT, "anna:geheim@broker.local:1883/line/3", True),
        (TriggerKind.MQTT, "mqtts://anna:geheim@broker.local/line/3", True),
        (TriggerKind.OPCUA, "opcuas://anna:@10.0.3.7:4840", True),
        (TriggerKind.MQTT, "mqtts://anna@broker.local:8883/line@3", False),
        (TriggerKind.MQTT, "broker.local:1883/line@3", False),
        (TriggerKind.FOLDER, "/parts/a:b@c", False),
        (TriggerKind.CONTINUOUS, "", False),
    ],
)
def test_a_password_in_the_address_of_lives_trigger_is_refused(kind: TriggerKind, place: str, held: bool) -> None:
    choice = TriggerChoice(kind, place)
    assert choice.has_password is held
    if held:
        # Before anything of the line is looked at.
        with pytest.raises(SourceError, match="holds a password") as refused:
            triggers_of_live(choice, None, (), Doors())  # type: ignore[arg-type]
        assert "geheim" not in str(refused.value)
