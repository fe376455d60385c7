"""Alarms of the process on a real record, with a clock moved by hand: raised once, cleared once, acknowledged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from filo_core.alarms.rules import AlarmKind
from filo_core.errors import StorageError
from filo_core.types import EventKind, Recipe, Role
from storage.audit.problems import Problem
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import MOMENT, make_inspection, sign_product
from workflows.notices.book import KINDS, AlarmBook
from workflows.notices.facts import chart_readings
from workflows.notices.watch import AlarmWatcher, LineHealth
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.sealing.alarms import Alarms
from workflows.settings.file import write_settings_file
from workflows.settings.settings import Settings

OFF = {
    "alarm_ng_in_a_row": 0,
    "alarm_ng_rate": 0,
    "alarm_run_rules": False,
    "alarm_camera_lost_s": 0,
    "alarm_model_down_s": 0,
    "alarm_drift": False,
    "alarm_promise": False,
    "alarm_disk_gb": 0,
    "alarm_cooldown_min": {"": 10.0},
}


class Plant:
    """A record, a watcher, and a clock that only a test moves."""

    def __init__(self, storage: Storage, home: Path) -> None:
        self.storage, self.home = storage, home
        self.recipe: Recipe = sign_product(storage)
        self.now = MOMENT
        self._shade = 0
        self._recorder = Recorder(storage, "metal nut")
        self.rule()

    def rule(self, **changed: object) -> None:
        """Begin anew with these rules alone."""
        write_settings_file(self.home, OFF | changed)
        settings = Settings(home=self.home, station="line 3")
        self.watcher = AlarmWatcher(settings, self.storage, lambda: self.now)

    def inspect(self, verdicts: str) -> None:
        """O for OK, N for NG, one a second."""
        for letter in verdicts:
            self._shade += 1
            self.now += timedelta(seconds=1)
            score = {"O": 0.1, "N": 0.9}[letter]
            made = make_inspection(self.recipe, self._shade, score, inspected_at=self.now)
            self._recorder.record_one(made)

    def look(self, seconds: float = 1.0) -> list[tuple[str, str]]:
        """Kinds and rules of the events that one look adds."""
        before = len(self.events())
        self.now += timedelta(seconds=seconds)
        self.watcher.look()
        return self.events()[before:]

    def events(self) -> list[tuple[str, str]]:
        with self.storage.reading() as transaction:
            found = transaction.events.of_kinds(*KINDS)
        return [(event.kind.value, str(json.loads(event.detail).get("rule"))) for event in found]


RAISED, CLEARED = EventKind.PROCESS_ALARM_RAISED.value, EventKind.PROCESS_ALARM_CLEARED.value


@pytest.fixture
def plant(storage: Storage, filo_home: Path) -> Plant:
    filo_home.mkdir(exist_ok=True)
    return Plant(storage, filo_home)


def test_ng_in_a_row_fires_once_and_clears_with_the_first_part_that_is_not(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=3)
    plant.inspect("NNON")
    assert plant.look() == []
    plant.inspect("NN")
    assert plant.look() == [(RAISED, "ng_in_a_row")]
    plant.inspect("NNNN")
    assert plant.look() == plant.look() == []
    (standing,) = plant.watcher.book.standing()
    assert standing.sentence == "metal nut: 3 parts in a row were called NG. Look at the parts and at the line."
    assert standing.station == "line 3"
    plant.inspect("O")
    assert plant.look() == [(CLEARED, "ng_in_a_row")]
    assert plant.watcher.book.standing() == ()
    plant.inspect("NNN")
    assert plant.look() == [], "it is silent for ten minutes"
    assert plant.look(600) == [(RAISED, "ng_in_a_row")]


def test_the_rate_of_ng_is_that_of_the_window_and_of_enough_parts(plant: Plant) -> None:
    plant.rule(alarm_ng_rate=20, alarm_ng_rate_minutes=60, alarm_ng_rate_parts=10)
    plant.inspect("NNOOOO")
    assert plant.look() == [], "six parts are no rate"
    plant.inspect("OOOO")
    assert plant.look() == [(RAISED, "ng_rate")]
    plant.inspect("OO")
    assert plant.look() == [], "16.7 % lies between where it is raised and where it clears"
    plant.inspect("OO")
    assert plant.look() == [(CLEARED, "ng_rate")]


def test_a_rate_clears_when_its_parts_have_left_the_window(plant: Plant) -> None:
    plant.rule(alarm_ng_rate=20, alarm_ng_rate_minutes=60, alarm_ng_rate_parts=4)
    plant.inspect("NNNN")
    assert plant.look() == [(RAISED, "ng_rate")]
    assert plant.look(3000) == []
    assert plant.look(700) == [(CLEARED, "ng_rate")]


def test_an_hour_far_above_the_chart_fires_and_an_ordinary_one_clears(plant: Plant) -> None:
    plant.rule(alarm_run_rules=True)
    plant.now = plant.now.replace(minute=0, second=0, microsecond=0)

    def hour(verdicts: str) -> list[tuple[str, str]]:
        begun = plant.now
        plant.inspect(verdicts)
        plant.now = begun + timedelta(hours=1)
        return plant.look(0)

    for _ in range(9):
        assert hour("NOOOOO") == []
    assert hour("NNNNNO") == [(RAISED, "run_rules")]
    (standing,) = plant.watcher.book.standing()
    assert "83.3 % of the parts were called NG (above the limit of the chart" in standing.sentence
    assert hour("NOOOOO") == [(CLEARED, "run_rules")]


def test_a_camera_that_is_lost_and_a_model_that_is_down_fire_after_their_seconds_and_clear(plant: Plant) -> None:
    plant.rule(alarm_camera_lost_s=10, alarm_model_down_s=30)
    wrong = {"camera": "", "judging": ""}
    plant.watcher.follow("Live", LineHealth(lambda: wrong["camera"], lambda: wrong["judging"]))
    assert plant.look() == []
    wrong["camera"] = "The camera is away. Check its cable."
    assert [plant.look(0), plant.look(9.9), plant.look(0.1)] == [[], [], [(RAISED, "camera_lost")]]
    assert plant.watcher.book.standing()[0].sentence == "Live: The camera is away. Check its cable."
    wrong["judging"] = "The model has died."
    assert plant.look() == []
    assert plant.look(30) == [(RAISED, "model_down")]
    wrong["camera"] = ""
    assert plant.look() == [(CLEARED, "camera_lost")]
    plant.watcher.leave("Live")
    assert plant.look() == [(CLEARED, "model_down")]


def test_the_end_of_a_line_clears_its_alarm_although_the_record_was_busy_then(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.rule(alarm_camera_lost_s=1)
    plant.watcher.follow("Live", LineHealth(lambda: "The camera is away.", lambda: ""))
    plant.look()
    assert plant.look(2) == [(RAISED, "camera_lost")]
    plant.watcher.leave("Live")

    def busy(*_: object) -> None:
        raise StorageError("It is busy.")

    with monkeypatch.context() as while_busy:
        while_busy.setattr(plant.watcher.book, "note", busy)
        with pytest.raises(StorageError):
            plant.look()
    assert plant.look() == [(CLEARED, "camera_lost")]


def test_a_program_that_ends_leaves_no_alarm_of_its_lines_standing(
    plant: Plant, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.notices.watch.LOOK_EVERY_S", 0.02)
    plant.rule(alarm_camera_lost_s=1)
    plant.watcher.follow("line run metal nut", LineHealth(lambda: "The camera is away.", lambda: ""))
    plant.look()
    assert plant.look(2) == [(RAISED, "camera_lost")]
    plant.watcher.start()
    plant.watcher.close()
    assert plant.watcher.book.standing() == ()


def test_an_hour_out_of_the_usual_is_none_any_more_after_three_days_without_a_part(
    storage: Storage,
) -> None:
    sign_product(storage)
    (reading,) = chart_readings(storage, ("metal nut",), MOMENT)
    assert (reading.key.kind, reading.value) == (AlarmKind.RUN_RULES, 0.0)


def test_the_disk_fires_below_its_limit_and_clears_well_above(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.rule(alarm_disk_gb=10)
    free = [50.0]
    monkeypatch.setattr(
        "workflows.notices.facts.shutil.disk_usage", lambda _: type("Usage", (), {"free": free[0] * 2.0**30})
    )
    found = []
    for free[0] in (50.0, 9.5, 9.0, 11.0, 12.5):
        found.append(plant.look(30))
    assert found == [[], [(RAISED, "disk")], [], [], [(CLEARED, "disk")]]


def test_drift_and_a_broken_promise_fire_and_clear(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.rule(alarm_drift=True, alarm_promise=True)
    plant.inspect("O")
    said = {"drift": False, "promise": ""}
    monkeypatch.setattr(
        "workflows.notices.facts.drift",
        lambda *_: type("Found", (), {"alarm": said["drift"], "sentence": "Scores have risen."}),
    )
    monkeypatch.setattr("workflows.products.catalogue.Catalogue.reported_sessions", lambda *_: said["promise"])
    assert plant.look(1900) == []
    said.update(drift=True, promise="Session July: more than promised.")
    assert plant.look(1900) == [(RAISED, "drift"), (RAISED, "promise_broken")]
    said.update(drift=False, promise="")
    assert plant.look(1900) == [(CLEARED, "drift"), (CLEARED, "promise_broken")]


def test_two_programs_on_one_record_raise_an_alarm_once(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=2)
    other = AlarmWatcher(Settings(home=plant.home), plant.storage, lambda: plant.now)
    plant.inspect("NN")
    assert plant.look() == [(RAISED, "ng_in_a_row")]
    other.look()
    plant.inspect("O")
    other.look()
    assert plant.look() == []
    assert [kind for kind, _ in plant.events()] == [RAISED, CLEARED]


def test_a_start_later_an_alarm_stands_that_stood_before(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=2)
    plant.inspect("NN")
    plant.look()
    plant.rule(alarm_ng_in_a_row=2)
    assert plant.look() == []
    assert [alarm.key.kind for alarm in plant.watcher.book.standing()] == [AlarmKind.NG_IN_A_ROW]


def test_limits_that_are_changed_hold_within_seconds_and_a_rule_turned_off_clears(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=2)
    plant.inspect("NN")
    assert plant.look() == [(RAISED, "ng_in_a_row")]
    write_settings_file(plant.home, {"alarm_ng_in_a_row": 0})
    assert plant.look(30) == [(CLEARED, "ng_in_a_row")]


def test_an_alarm_is_acknowledged_by_name_once_and_stands_until_it_clears(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=2)
    plant.inspect("NN")
    plant.look()
    book, access = plant.watcher.book, Access(plant.storage)
    (standing,) = book.standing()
    assert book.acknowledge(access, [standing.event_id], "Ida") == 1
    assert book.acknowledge(access, [standing.event_id, 99999], "Olaf") == 0
    (seen,) = AlarmBook(plant.storage).standing()
    assert seen.acknowledged_by == "Ida"
    assert seen.acknowledged_at is not None
    plant.inspect("ONN")
    plant.look()
    plant.look(700)
    assert [alarm.acknowledged_by for alarm in book.standing()] == ["Ida"], "it never cleared between two looks"
    plant.inspect("O")
    plant.look()
    plant.inspect("NN")
    plant.look(700)
    assert [alarm.acknowledged_by for alarm in book.standing()] == [""], "a new one is nobody's yet"


def test_once_there_are_users_somebody_has_to_be_signed_in_to_acknowledge(plant: Plant) -> None:
    plant.rule(alarm_ng_in_a_row=2)
    plant.inspect("NN")
    plant.look()
    access = Access(plant.storage)
    users = Users(plant.storage, access)
    users.add("Ada", Role.ADMIN, "740936")
    (standing,) = plant.watcher.book.standing()
    with pytest.raises(AccessError, match="Sign in to acknowledge an alarm"):
        plant.watcher.book.acknowledge(access, [standing.event_id], "Ida")
    access.sign_in("Ada", "740936")
    assert plant.watcher.book.acknowledge(access, [standing.event_id], "Ida") == 1
    assert plant.watcher.book.standing()[0].acknowledged_by == "Ada"


def test_what_was_altered_stands_in_the_same_list_until_it_is_settled_and_no_rule_clears_it(plant: Plant) -> None:
    alarms = Alarms(plant.storage, "line 3")
    alarms.raise_for("tail", [Problem(7, "inspections", 3, "was changed")])
    (standing,) = plant.watcher.book.standing()
    assert standing.key.kind is AlarmKind.TAMPERING
    assert plant.look(100) == []
    access = Access(plant.storage)
    plant.watcher.book.acknowledge(access, [standing.event_id], "Ida")
    assert len(alarms.standing()) == 1, "seen is not settled"
    alarms.settle(access, "a drill", "Ada")
    assert plant.watcher.book.standing() == ()


def test_an_event_that_nobody_can_read_is_left_out(plant: Plant) -> None:
    with plant.storage.transaction() as transaction:
        for detail in ({"rule": "of a later version", "about": "x"}, {}, {"rule": "ng_rate"}):
            transaction.events.add(EventKind.PROCESS_ALARM_RAISED, "", "", "alarm", detail)
    assert plant.watcher.book.standing() == ()


def test_a_watcher_looks_by_itself(
    plant: Plant, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.notices.watch.LOOK_EVERY_S", 0.02)
    plant.rule(alarm_ng_in_a_row=2)
    plant.inspect("NN")
    plant.watcher.start()
    try:
        wait_until(lambda: bool(plant.watcher.book.standing()))
    finally:
        plant.watcher.close()
    assert plant.watcher.problem == ""
