"""When shifts begin, by the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from filo_core.errors import RecipeError

USUAL_SHIFTS = "06:00,14:00,22:00"


@dataclass(frozen=True, slots=True)
class Shifts:
    """Starts of the shifts of a day, rising; there is at least one."""

    starts: tuple[time, ...]

    @classmethod
    def parse(cls, text: str) -> Shifts:
        """Shifts from text such as ``"06:00,14:00,22:00"``.

        Raises:
            RecipeError: if it names no times.
        """
        try:
            starts = tuple(sorted({time.fromisoformat(word.strip()) for word in text.split(",")}))
        except ValueError as error:
            raise RecipeError(
                "{text!r} names no shifts. Write when they begin: {usual_shifts}",
                text=text[:80],
                usual_shifts=USUAL_SHIFTS,
            ) from error
        return cls(starts)

    def __str__(self) -> str:
        return ",".join(start.strftime("%H:%M") for start in self.starts)

    def start_of(self, moment: datetime) -> datetime:
        """When the shift that ``moment`` lies in began.

        Args:
            moment: with the time zone whose clock hangs on the wall.
        """
        for days_before in (0, 1):
            day = moment.date() - timedelta(days=days_before)
            for start in reversed(self.starts):
                begun = datetime.combine(day, start, moment.tzinfo)
                if begun <= moment:
                    return begun
        raise AssertionError("a shift began within the last 24 hours")
