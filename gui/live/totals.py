"""What Live has judged since the shift began: counts, yield, and the number of the last verdict. No Qt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from filo_core.types import Verdict


@dataclass(slots=True)
class ShiftTotals:
    """Counted over starts and stops of one product, until another one is inspected or somebody begins anew."""

    product: str = ""
    since: datetime | None = None
    """When the first verdict came; None before it."""
    counts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        """Verdicts so far: the running number of the last one."""
        return self.counts.total()

    @property
    def first_pass_yield(self) -> float | None:
        """Share of OK among all that came by, 0 to 1: what is doubted or was not inspected has not passed."""
        return self.counts[Verdict.OK] / self.number if self.number else None

    def begin(self, product: str) -> None:
        """Inspect a product: another one than before is counted from nothing."""
        if product != self.product:
            self.reset()
            self.product = product

    def reset(self) -> None:
        """A new shift."""
        self.since = None
        self.counts.clear()

    def add(self, verdict: Verdict, at: datetime) -> int:
        """One more; its running number."""
        if self.since is None:
            self.since = at
        self.counts[verdict] += 1
        return self.number
