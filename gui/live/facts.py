"""The numbers beside the picture, as a running inspection has them now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from filo_core.identity import NOBODY, Identity
from filo_core.line.sources.base import SourceState
from gui.translation import in_language
from workflows.line.delivery import DeliveryState
from workflows.line.triggered import TriggeredInspection
from workflows.notices.watch import LineHealth

if TYPE_CHECKING:
    from filo_core.types import Verdict
    from workflows.inspecting.continuous import ContinuousInspection

Live: TypeAlias = "ContinuousInspection | TriggeredInspection"


@dataclass(frozen=True, slots=True)
class Banner:
    """What the banner says."""

    verdict: Verdict | None
    caption: str
    held: bool = False
    word: str = ""
    """In large letters where there is no verdict."""
    number: int = 0
    """Running number of the verdict; 0 for none."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """How camera, model and delivery are."""

    camera: SourceState = SourceState.STOPPED
    camera_problem: str = ""
    judging_problem: str = ""
    model_note: str = ""
    """The model was replaced, or moved to the CPU."""
    picture_age_ms: float | None = None
    """Age of the newest judged picture now."""
    latency_ms: float | None = None
    inspected: int = 0
    dropped: int | None = 0
    """None where frames are only taken when something asks."""
    per_second: float | None = None
    delivery: DeliveryState = field(default_factory=DeliveryState)
    next_part: Identity = NOBODY
    """What was scanned for it."""


def health_of(live: Live) -> LineHealth:
    """How alarms ask ``live`` whether its camera gives pictures and whether it judges; from any thread."""

    def camera() -> str:
        source = live.source
        return source.problem if source is not None and source.state is SourceState.LOST else ""

    return LineHealth(camera, lambda: live.problem)


def facts_of(live: Live, verdict_at: float | None) -> LiveFacts:
    """The facts of ``live``, whose newest verdict arrived at ``verdict_at`` by the monotonic clock."""
    source, counters = live.source, live.counters
    age = None
    if verdict_at is not None and counters.frame_age_ms is not None:
        age = counters.frame_age_ms + (time.monotonic() - verdict_at) * 1000.0
    return LiveFacts(
        camera=source.state if source is not None else SourceState.RUNNING,
        camera_problem=in_language(source.problem) if source is not None else "",
        judging_problem=in_language(live.problem),
        model_note=in_language(live.note),
        picture_age_ms=age,
        latency_ms=counters.latency_ms,
        inspected=counters.inspected,
        dropped=None if isinstance(live, TriggeredInspection) else counters.dropped,
        per_second=counters.per_second,
        delivery=live.delivery_state,
        next_part=live.scanned.waiting,
    )
