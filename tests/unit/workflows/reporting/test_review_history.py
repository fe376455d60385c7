"""The review history against a plain model: whatever people decide, in whatever order, everything stays."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from filo_core.types import InspectionFilter, Review, ReviewDecision, Verdict, Withdrawal
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.storage.making import make_inspection, sign_product
from workflows.reporting.history import History, ReviewError

DECIDED = (Verdict.OK, Verdict.NG)
TEXT = st.sampled_from(["", " ", "dust", "'; DROP TABLE reviews;--", "grün\0", "x" * 40])
TYPES = st.sampled_from(["", "scratch", "'; DELETE FROM regions;--"])


class Model:
    """What a list in memory would say of one inspection."""

    def __init__(self, system: Verdict) -> None:
        self.system = system
        self.reviews: list[tuple[ReviewDecision | Withdrawal, Verdict | None, str, str]] = []
        self.standing: list[tuple[ReviewDecision | Withdrawal, Verdict | None, str, str]] = []

    @property
    def counts_as(self) -> Verdict:
        return (self.standing[-1][1] if self.standing else None) or self.system

    def add(self, review: tuple[ReviewDecision | Withdrawal, Verdict | None, str, str]) -> None:
        self.reviews.append(review)
        self.standing.append(review)

    def take_back(self) -> None:
        self.standing.pop()
        stands = self.standing[-1] if self.standing else (None, None, "", "")
        self.reviews.append((Withdrawal.WITHDRAW, stands[1], "", stands[3]))

    def allows(self, decision: ReviewDecision, verdict: Verdict, reason: str, anomaly_type: str) -> bool:
        if verdict not in DECIDED:
            return False
        if decision is ReviewDecision.CONFIRM:
            return self.system not in DECIDED or verdict is self.system
        if decision is ReviewDecision.OVERRULE:
            return bool(reason.strip()) and verdict is not self.system
        return bool(anomaly_type) and (self.counts_as not in DECIDED or verdict is self.counts_as)


class ReviewHistory(RuleBasedStateMachine):
    inspections = Bundle("inspections")

    def __init__(self, new_url: Callable[[Path], str]) -> None:
        super().__init__()
        self.new_url = new_url

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.where = (self.new_url(Path(self.folder.name)), Path(self.folder.name) / "images")
        self.storage = open_storage(*self.where)
        self.history = History(self.storage)
        self.recipe = sign_product(self.storage)
        self.models: dict[int, Model] = {}

    @rule(target=inspections, score=st.sampled_from([0.1, 0.4, 0.9]))
    def inspect(self, score: float) -> int:
        shade = len(self.models)
        number = Recorder(self.storage, "metal nut").record_one(make_inspection(self.recipe, shade, score))
        self.models[number] = Model(self.recipe.limits.verdict(score))
        return number

    @rule(
        number=inspections,
        decision=st.sampled_from(ReviewDecision),
        verdict=st.sampled_from(Verdict),
        reason=TEXT,
        anomaly_type=TYPES,
    )
    def review(self, number: int, decision: ReviewDecision, verdict: Verdict, reason: str, anomaly_type: str) -> None:
        model = self.models[number]
        allowed = model.allows(decision, verdict, reason, anomaly_type)
        try:
            self.history.review(number, decision, verdict, "Ada", reason, anomaly_type)
        except ReviewError:
            assert not allowed
            return
        assert allowed
        model.add((decision, verdict, reason.strip().replace("\0", "\ufffd"), anomaly_type))

    @rule(number=inspections, who=st.sampled_from(["Ada", "Ada", "Bert"]))
    def withdraw(self, number: int, who: str) -> None:
        model = self.models[number]
        try:
            self.history.withdraw(number, who)
        except ReviewError:
            assert who != "Ada" or not model.standing
            return
        assert who == "Ada"
        model.take_back()

    @rule()
    def close_and_open_again(self) -> None:
        self.storage.close()
        self.storage = open_storage(*self.where)
        self.history = History(self.storage)

    @invariant()
    def everything_is_there_in_its_order(self) -> None:
        for number, model in getattr(self, "models", {}).items():
            assert [_plain(review) for review in self.history.reviews(number)] == model.reviews
            record = self.history.get(number)
            assert record.verdict is model.system
            assert record.final_verdict is model.counts_as
            assert (_plain(record.review) if record.review else None) == (model.standing or [None])[-1]
        if hasattr(self, "models"):
            undecided = sum(not model.standing for model in self.models.values())
            assert self.history.count(InspectionFilter(undecided=True)) == undecided

    def teardown(self) -> None:
        if hasattr(self, "storage"):
            report = self.storage.verify()
            assert report.intact
            reviews = sum(len(model.reviews) for model in self.models.values())
            assert report.entries == 1 + len(self.models) + reviews
            self.storage.close()
            self.folder.cleanup()


def _plain(review: Review) -> tuple[ReviewDecision | Withdrawal, Verdict | None, str, str]:
    assert review.reviewed_at <= datetime.now(UTC)
    return review.decision, review.verdict, review.reason, review.anomaly_type


@pytest.mark.parametrize(("database", "examples"), [("sqlite", 12), ("postgresql", 5)])
def test_no_order_of_decisions_loses_or_changes_one(
    request: pytest.FixtureRequest, database: str, examples: int
) -> None:
    server = request.getfixturevalue("postgres") if database == "postgresql" else None

    def new_url(folder: Path) -> str:
        if server is None:
            return sqlite_url(folder / "filo.sqlite")
        made: str = server.new_database().render_as_string(hide_password=False)
        return made

    quick = settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_machine(lambda: ReviewHistory(new_url), settings=quick)
