"""The rules: of each a limit, where it clears again, and how long it stays silent after that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class AlarmKind(StrEnum):
    """What an alarm is about; the value is its name in settings, events and messages."""

    NG_IN_A_ROW = "ng_in_a_row"
    """Parts of one product called NG one after the other."""
    NG_RATE = "ng_rate"
    """Per cent of NG among the parts of one product over the last while."""
    RUN_RULES = "run_rules"
    """1 while the newest full hour lies outside the p-chart, or completes one of its run rules, upwards."""
    CAMERA_LOST = "camera_lost"
    """Seconds without a picture of a camera that is in use."""
    MODEL_DOWN = "model_down"
    """Seconds in which a line's model could not judge."""
    DRIFT = "drift"
    """1 while confirmed good parts no longer score like those the limits were set with."""
    PROMISE_BROKEN = "promise_broken"
    """Sessions of good parts of which more are refused than the limits promise."""
    DISK = "disk"
    """GiB free where record and pictures lie."""
    TAMPERING = "tampering"
    """What a check found altered in the record. No rule: it stands until an admin settles it."""


RULED = tuple(kind for kind in AlarmKind if kind is not AlarmKind.TAMPERING)
FALLING = frozenset({AlarmKind.DISK})
"""Those that less is worse of."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One rule. Raised where a value reaches ``limit``, cleared once it is back at ``clears_at``.

    Raises:
        ValueError: if it would clear where it is raised.
    """

    kind: AlarmKind
    limit: float
    clears_at: float
    """As good as this, or better. What lies between the two changes nothing, so that a value at the limit raises no
    alarm a minute."""
    cooldown: timedelta = timedelta(0)
    """So long after it cleared it is not raised again."""

    def __post_init__(self) -> None:
        if self.kind is AlarmKind.TAMPERING:
            raise ValueError("what was altered follows no rule")
        if self.is_bad(self.clears_at):
            raise ValueError(f"{self.kind} would clear at {self.clears_at:g}, where it is raised ({self.limit:g})")

    def is_bad(self, value: float) -> bool:
        """Whether a value raises it."""
        return value <= self.limit if self.kind in FALLING else value >= self.limit

    def is_well(self, value: float) -> bool:
        """Whether a value clears it."""
        return value >= self.clears_at if self.kind in FALLING else value <= self.clears_at


Rules = Mapping[AlarmKind, AlarmRule]
"""Those that are on."""
