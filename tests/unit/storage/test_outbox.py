from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from filo_core.errors import StorageError
from filo_core.identity import NOBODY, Identity
from filo_core.line.results import LineResult
from filo_core.types import Verdict
from storage import outbox as outbox_module
from storage.outbox import Outbox
from storage.outbox_reading import content_at

WINDOW = timedelta(minutes=10)


def result(trigger_id: str = "a", verdict: Verdict = Verdict.NG) -> LineResult:
    return LineResult(trigger_id, "nut", "h" * 64, verdict, datetime(2026, 5, 4, tzinfo=UTC), "scratch", "top", 1, 0.9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox(path)
    yield opened
    opened.close()


def answer(outbox: Outbox, trigger_id: str, *sinks: str) -> int:
    number, earlier = outbox.open_trigger(trigger_id, WINDOW)
    assert earlier is None
    assert outbox.close_trigger(number, result(trigger_id), sinks)
    return number


def test_a_result_survives_its_way_through_json() -> None:
    full = replace(result(), latency_ms=12.5, frame_age_ms=8.0, reason="why")
    assert LineResult.from_json(full.to_json()) == full


@pytest.mark.parametrize(
    ("verdict", "word"), [(Verdict.OK, "OK"), (Verdict.REVIEW, "NG"), (Verdict.NOT_INSPECTED, "NG")]
)
def test_only_ok_reads_as_ok_outside(verdict: Verdict, word: str) -> None:
    assert f'"reads_as": "{word}"' in result(verdict=verdict).to_json()


def test_an_open_trigger_remembers_which_part_it_asked_for(path: Path) -> None:
    part = Identity("A-1", field_2="nest \U0001f529")
    first = Outbox(path)
    first.open_trigger("a", WINDOW, part)
    first.open_trigger("b", WINDOW)
    first.close()
    again = Outbox(path)
    assert [identity for _, _, identity in again.open_triggers()] == [part, NOBODY]
    with again._writing() as connection:
        connection.execute(text("UPDATE triggers SET identity = '[1]'"))
    assert [identity for _, _, identity in again.open_triggers()] == [NOBODY, NOBODY]
    again.close()


def test_an_outbox_of_an_earlier_version_is_read_and_goes_on(path: Path) -> None:
    first = Outbox(path)
    answer(first, "a")
    with first._writing() as connection:
        connection.execute(text("ALTER TABLE triggers DROP COLUMN identity"))
    first.close()
    assert len(content_at(path).answers) == 1
    again = Outbox(path)
    again.open_trigger("b", WINDOW, Identity("B"))
    assert again.open_triggers()[0][2] == Identity("B")
    again.close()


def test_a_repeated_trigger_gets_its_first_answer(outbox: Outbox) -> None:
    answer(outbox, "a")
    assert outbox.open_trigger("a", WINDOW)[1] == result("a")


def test_a_trigger_is_answered_once(outbox: Outbox) -> None:
    number = answer(outbox, "a", "csv")
    assert not outbox.close_trigger(number, result("a", Verdict.OK), ["csv"])
    assert outbox.backlog() == {"csv": 1}
    assert outbox.open_trigger("a", WINDOW)[1] == result("a")


def test_the_same_id_long_after_is_another_part_and_so_it_is_when_the_clock_was_put_back(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answer(outbox, "a")
    for days in (1, -400):
        then = datetime.now(UTC).timestamp() + days * 86400
        monkeypatch.setattr(outbox_module, "_now", lambda then=then: then)
        number, earlier = outbox.open_trigger("a", WINDOW)
        assert earlier is None
        assert number != first


def test_each_sink_gets_its_messages_in_the_order_of_the_verdicts(outbox: Outbox) -> None:
    for name in "abc":
        answer(outbox, name, "mqtt", "csv")
    seen = []
    while (waiting := outbox.next_message("mqtt")) is not None:
        seen.append(waiting.message.result.trigger_id)
        outbox.mark_delivered(waiting.message_id)
    assert seen == ["a", "b", "c"]
    assert outbox.backlog() == {"csv": 3}


def test_the_clock_put_back_does_not_change_the_order(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(outbox, "a", "csv")
    monkeypatch.setattr(outbox_module, "_now", lambda: 0.0)
    answer(outbox, "b", "csv")
    waiting = outbox.next_message("csv")
    assert waiting is not None
    assert waiting.message.result.trigger_id == "a"


def test_a_message_keeps_its_key_at_every_try_and_over_a_restart(outbox: Outbox, path: Path) -> None:
    answer(outbox, "a", "csv")
    first = outbox.next_message("csv")
    assert first is not None
    outbox.mark_tried(first.message_id, "away")
    again = Outbox(path)
    second = again.next_message("csv")
    again.close()
    assert second is not None
    assert (second.message.key, second.attempts) == (first.message.key, 1)


def test_answers_that_wait_for_delivery_are_never_forgotten(outbox: Outbox) -> None:
    answer(outbox, "delivered")
    answer(outbox, "waiting", "mqtt")
    outbox.open_trigger("open", WINDOW)
    assert outbox.forget_old(timedelta(seconds=-1)) == 1
    assert outbox.backlog() == {"mqtt": 1}
    assert [name for _, name, _ in outbox.open_triggers()] == ["open"]


def test_a_process_killed_between_trigger_and_answer_leaves_the_trigger_open(path: Path) -> None:
    code = (
        "import os, signal, sys; from datetime import timedelta; from pathlib import Path; "
        "from storage.outbox import Outbox; box = Outbox(Path(sys.argv[1])); "
        "box.open_trigger('part 7', timedelta(minutes=1)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[3], check=False, timeout=60)
    outbox = Outbox(path)
    assert [name for _, name, _ in outbox.open_triggers()] == ["part 7"]
    outbox.close()


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_half_kept(outbox: Outbox) -> None:
    number, _ = outbox.open_trigger("a", WINDOW)
    pool = outbox._engine
    with pool.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    big = replace(result("a"), reason="x" * 100_000)
    with pytest.raises(StorageError, match="full"):
        outbox.close_trigger(number, big, ["csv"])
    assert outbox.backlog() == {}
    assert outbox.close_trigger(number, result("a"), ["csv"])
