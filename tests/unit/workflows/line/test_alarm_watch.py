"""A PLC reads that an alarm of the record stands, and a line says that its HTTP trigger is open to listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from filo_core.line.plc.handshake import Handshake
from filo_core.line.plc.register_map import Input, Status
from filo_core.line.sinks.base import Seal
from workflows.line.alarm_watch import AlarmWatch
from workflows.line.doors import Doors
from workflows.line.triggers import choice_of, open_doors


@dataclass
class Quiet:
    heartbeat = 1
    problem = ""


def test_the_alarm_register_follows_the_record_and_touches_no_other(wait_until: Callable[..., None]) -> None:
    alarm = ["The record was altered."]
    watch = AlarmWatch(lambda: Seal(alarm=alarm[0]))
    handshake = Handshake(Quiet(), (), has_alarm=watch.stands)
    before = handshake.words()
    assert before[Input.ALARM] == 0
    watch.start()
    try:
        wait_until(lambda: handshake.words()[Input.ALARM] == 1)
        assert handshake.words()[Input.STATUS] == before[Input.STATUS] == Status.READY
        alarm[0] = ""
        wait_until(lambda: handshake.words()[Input.ALARM] == 0)
    finally:
        watch.stop()
    assert watch.problem == ""


@pytest.mark.parametrize("place", ["http:0.0.0.0:8099", "http:10.0.0.7:8099", "http:[::]:8099", "http:line3:8099"])
def test_an_http_trigger_beyond_this_machine_without_a_certificate_is_warned_of(place: str) -> None:
    choices = [choice_of("continuous"), choice_of(place)]
    assert "without a certificate" in open_doors(choices, Doors())
    assert open_doors(choices, Doors(certificate=Path("line.pem"))) == ""


@pytest.mark.parametrize(
    "place", ["http", "http:8099", "http:127.0.0.1:8099", "http:[::1]:8099", "http:localhost:8099"]
)
def test_on_this_machine_nothing_is_to_be_said(place: str) -> None:
    assert open_doors([choice_of(place), choice_of("modbus:0.0.0.0:5020")], Doors()) == ""
