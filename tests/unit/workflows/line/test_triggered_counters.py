"""What Live counts as inspected: parts that got a verdict, and not those whose picture was unfit or late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from filo_core.errors import SourceError
from filo_core.line.results import not_inspected, result_of
from filo_core.types import Inspection, Verdict
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_draft, make_inspection
from workflows.line.triggered import TriggeredInspection


class _Stopped:
    def stop(self) -> None:
        """Nothing to end."""


def test_only_parts_with_a_verdict_are_counted_as_inspected() -> None:
    told: list[Callable[..., None]] = []
    shown: list[Inspection] = []

    def make_line(on_answer: Callable[..., None]) -> Any:
        told.append(on_answer)
        return _Stopped()

    def no_trigger(_: object) -> None:
        raise SourceError("nothing asks here")

    unused: Any = None
    live = TriggeredInspection(unused, unused, unused, make_line, no_trigger, shown.append)
    with pytest.raises(SourceError):
        live.start()
    judged = make_inspection(make_draft().recipe(LIMITS, MODEL_HASH), 1)
    # As of a picture that is too dark: it is kept with its hash, and has no verdict.
    unfit = Inspection(
        judged.name, judged.image_hash, judged.recipe_hash, Verdict.NOT_INSPECTED, judged.origin,
        judged.inspected_at, 0.1, image=judged.image, reason="The picture is too dark to be judged.",
    )  # fmt: skip
    for inspection in (judged, unfit):
        told[0](result_of(inspection, "part", "metal nut", 5.0), inspection)
    told[0](not_inspected("late", "metal nut", judged.recipe_hash, "Its time was up.", 5.0), None)
    assert [one.verdict for one in shown] == [judged.verdict, Verdict.NOT_INSPECTED, Verdict.NOT_INSPECTED]
    assert (live.counters.inspected, live.counters.not_inspected) == (1, 2)
