from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np

from filo_core.line.sources.viewed import ViewedSource
from tests.unit.filo_core.line.station_parts import HandFedSource


def put(source: HandFedSource, brightness: int) -> None:
    source.slot.put(np.full((4, 6, 3), brightness, np.uint8), datetime.now(UTC), time.monotonic())


def test_whoever_looks_takes_no_frame_away_from_the_line() -> None:
    inner = HandFedSource()
    viewed = ViewedSource(inner)
    assert viewed.look() is None
    assert viewed.newest() is None
    put(inner, 10)
    seen = viewed.look()
    assert seen is not None
    assert viewed.wait(0.0), "what was looked at is still to be taken"
    assert viewed.newest() is seen
    assert viewed.newest() is None, "each frame is taken once"
    assert not viewed.wait(0.0)
    assert viewed.look() is seen, "it can be looked at as often as one wants"
    put(inner, 20)
    put(inner, 30)
    newest = viewed.newest()
    assert newest is not None
    assert int(newest.pixels[0, 0, 0]) == 30
    assert viewed.look() is newest


def test_whoever_waits_gets_the_frame_that_was_looked_at_meanwhile() -> None:
    inner = HandFedSource()
    viewed = ViewedSource(inner)

    def looked_at(timeout: float) -> bool:
        del timeout
        put(inner, 10)
        viewed.look()
        return False

    inner.wait = looked_at  # type: ignore[method-assign]
    assert viewed.wait(0.0)
    assert viewed.newest() is not None


def test_a_source_that_has_ended_shows_nothing_any_more() -> None:
    inner = HandFedSource()
    viewed = ViewedSource(inner)
    put(inner, 10)
    assert viewed.look() is not None
    viewed.stop()
    assert viewed.newest() is None
