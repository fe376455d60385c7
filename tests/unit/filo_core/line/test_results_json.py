"""A line's answer as JSON: what a text side went by is in it, and an answer without reads as before."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from filo_core.identity import Identity, SeenBefore
from filo_core.line.results import LineResult, inspection_of, not_inspected, result_of
from filo_core.types import Box, Inspection, LocatedBox, Origin, Position, Prediction, TextReasons, Verdict

REASONS = TextReasons((LocatedBox(Box(1, 2, 30, 40), 0.43, "dent"),), (Position.TOP_LEFT,), 5)


def inspection(reasons: TextReasons | None) -> Inspection:
    prediction = Prediction(0.7, np.zeros((4, 4), np.float32), (), {}, trained=True, reasons=reasons)
    return Inspection("a.png", "0" * 64, "1" * 64, Verdict.NG, Origin.LIVE, datetime.now(UTC), 0.1, None, prediction)


def test_boxes_positions_and_filtering_stand_in_the_json_and_come_back() -> None:
    result = result_of(inspection(REASONS), "7", "nut", 12.0)
    content = json.loads(result.to_json())
    assert content["reasons"] == {
        "boxes": [{"box": {"x": 1, "y": 2, "width": 30, "height": 40}, "score": 0.43, "phrase": "dent"}],
        "positions": ["top left"],
        "dropped": 5,
    }
    assert LineResult.from_json(result.to_json()) == result


def test_an_answer_of_a_profile_without_a_text_side_says_nothing_of_it() -> None:
    result = result_of(inspection(None), "7", "nut", 12.0)
    assert "reasons" not in json.loads(result.to_json())
    assert LineResult.from_json(result.to_json()) == result


def test_the_phrase_of_a_region_is_that_of_the_box_it_lies_in() -> None:
    assert REASONS.phrase_at(Box(5, 5, 10, 10)) == "dent"
    # Half of it and more has to lie in the box.
    assert REASONS.phrase_at(Box(26, 5, 20, 10)) == ""
    assert Box(0, 0, 4, 4).shared_with(Box(2, 2, 4, 4)) == 4
    assert Box(0, 0, 4, 4).shared_with(Box(9, 9, 4, 4)) == 0


def test_a_part_stands_by_its_fields_in_the_json_with_when_it_was_seen_before() -> None:
    seen = SeenBefore(2, "NG", datetime(2026, 3, 4, tzinfo=UTC), 7)
    named = replace(inspection(None), identity=Identity("A-1", order="0815"), seen_before=seen)
    result = result_of(named, "7", "nut", 12.0)
    content = json.loads(result.to_json())
    assert (content["serial"], content["order"]) == ("A-1", "0815")
    assert "lot" not in content
    assert content["seen_before"] == {
        "times": 2,
        "verdict": "NG",
        "at": "2026-03-04T00:00:00+00:00",
        "inspection_id": 7,
    }
    assert LineResult.from_json(result.to_json()) == result


def test_an_answer_for_nobody_reads_as_an_older_program_wrote_it() -> None:
    content = json.loads(result_of(inspection(None), "7", "nut", 12.0).to_json())
    assert not {"identity", "serial", "seen_before"} & content.keys()


def test_what_has_no_picture_keeps_its_part() -> None:
    part = Identity("A-1", "L")
    refused = not_inspected("7", "nut", "h", "why", 0.0, identity=part)
    assert LineResult.from_json(refused.to_json()).identity == part
    assert inspection_of(refused).identity == part
