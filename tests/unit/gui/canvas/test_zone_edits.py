"""Regions while they are edited: every step can be taken back, and nothing leaves the picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from filo_core.method.zone_rules import tidy_zones
from filo_core.zones import Zone, ZoneKind, ZoneShape
from gui.canvas.zone_edits import ZoneEdits, contains

_BOX = ((0.2, 0.2), (0.6, 0.5))


def _with_two() -> ZoneEdits:
    edits = ZoneEdits()
    edits.add(ZoneShape.RECTANGLE, _BOX, ZoneKind.INSPECT, "region")
    edits.add(ZoneShape.ELLIPSE, ((0.3, 0.3), (0.4, 0.4)), ZoneKind.IGNORE, "region")
    return edits


def test_each_step_is_taken_back_and_done_again() -> None:
    edits = _with_two()
    after = edits.zones
    edits.move(0.1, 0.0)
    edits.change(name="glare")
    edits.remove()
    assert [zone.name for zone in edits.zones] == ["region 1"]
    for _ in range(3):
        edits.undo()
    assert edits.zones == after
    edits.undo()
    edits.undo()
    assert (edits.zones, edits.can_undo) == ((), False)
    for _ in range(5):
        edits.redo()
    assert [zone.name for zone in edits.zones] == ["region 1"]
    assert not edits.can_redo


def test_what_is_dragged_is_one_step() -> None:
    edits = _with_two()
    before = edits.zones
    edits.hold()
    for _ in range(10):
        edits.move(0.01, 0.01)
    edits.let_go()
    assert edits.zones != before
    edits.undo()
    assert edits.zones == before
    edits.hold()
    edits.let_go()
    assert edits.can_redo, "a tap is no step, and keeps what can be done again"


def test_a_new_region_has_a_name_that_is_free() -> None:
    edits = ZoneEdits((Zone("Region 1", _BOX),))
    edits.add(ZoneShape.RECTANGLE, _BOX, ZoneKind.INSPECT, "region")
    assert edits.zones[1].name == "region 2"


def test_the_smallest_region_under_a_point_is_hit() -> None:
    edits = _with_two()
    assert edits.at((0.35, 0.35)) == 1
    assert edits.at((0.5, 0.4)) == 0
    assert edits.at((0.9, 0.9)) == -1
    assert edits.corner_at((0.305, 0.3), (0.01, 0.01)) == 0
    assert edits.corner_at((0.5, 0.5), (0.01, 0.01)) == -1


def test_a_polygon_contains_what_is_inside_of_it() -> None:
    hook = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.2), (0.2, 0.2), (0.2, 1.0), (0.0, 1.0))
    assert contains(hook, (0.1, 0.9))
    assert not contains(hook, (0.9, 0.9))


_MOVES = st.lists(st.tuples(st.booleans(), st.floats(-1, 1), st.floats(-1, 1)), max_size=12)


@given(_MOVES)
def test_whatever_is_moved_and_resized_stays_a_region_of_the_picture(moves: list[tuple[bool, float, float]]) -> None:
    edits = _with_two()
    edits.choose(0)
    for resizes, across, down in moves:
        (edits.resize if resizes else edits.move)(across, down)
    tidy_zones(edits.zones)
