from __future__ import annotations

from dataclasses import replace

import pytest

from filo_core.statistics.recount import VerdictCounts
from filo_core.types import AnomalyType, Limits, ProductDescription, ProductDraft, Reference, WizardStep
from gui.products.card_facts import next_sentence
from gui.products.list_presenter import export_file_name
from gui.products.wizard.calibration import recount
from gui.products.wizard.limit_scale import scale_end
from gui.products.wizard.steps import STEPS, neighbour, resume_at, step_infos
from gui.records.moved_limits import with_ng, with_ok

DESCRIBED = ProductDraft(ProductDescription("Housing", "metal nut"), profile="full")
LISTED = replace(DESCRIBED, anomaly_types=(AnomalyType("dent"),))
SHOWN = replace(LISTED, references=(Reference("a" * 64, "a.png"),))
LIMITS = Limits(0.3, 0.5, 0.3)


def test_without_a_name_only_the_first_step_can_be_reached() -> None:
    assert [info.reachable for info in step_infos(None)] == [True, False, False, False]
    assert step_infos(None)[0].missing == "Give the product a name."


@pytest.mark.parametrize(
    ("draft", "step"),
    [
        (None, WizardStep.DESCRIBE),
        (DESCRIBED, WizardStep.ANOMALIES),
        (replace(DESCRIBED, profile="compact"), WizardStep.REFERENCES),
        (LISTED, WizardStep.REFERENCES),
        (SHOWN, WizardStep.CALIBRATE),
    ],
)
def test_a_product_is_taken_up_where_it_lacks_something(draft: ProductDraft | None, step: WizardStep) -> None:
    assert resume_at(draft) is step
    if draft is not None:
        assert not next(info for info in step_infos(draft) if info.step is step).complete
        assert next_sentence(draft) == draft.missing(step)


def test_a_product_that_lacks_nothing_opens_at_its_signature() -> None:
    complete = ProductDraft(
        SHOWN.description, SHOWN.anomaly_types, SHOWN.references, limits=LIMITS, changed_since_signing=False
    )
    assert resume_at(complete) is WizardStep.CALIBRATE
    assert next_sentence(complete) == "Ready to inspect."


def test_the_first_step_has_none_before_and_the_last_none_after() -> None:
    assert neighbour(STEPS[0], -1) is None
    assert neighbour(STEPS[0], 1) is WizardStep.ANOMALIES
    assert neighbour(STEPS[0], 1, lists=False) is WizardStep.REFERENCES
    assert neighbour(WizardStep.ANOMALIES, 1, lists=False) is WizardStep.REFERENCES
    assert neighbour(STEPS[-1], 1) is None


def test_good_parts_are_counted_by_the_verdict_they_would_get() -> None:
    assert recount((0.1, 0.3, 0.31, 0.5, 0.51), LIMITS) == VerdictCounts(ok=2, review=2, ng=1)


def test_a_limit_pushes_the_other_one_before_it() -> None:
    assert with_ok(LIMITS, 0.7) == Limits(0.7, 0.7, 0.3)
    assert with_ok(LIMITS, 0.1) == Limits(0.1, 0.5, 0.3)
    assert with_ng(LIMITS, 0.2) == Limits(0.2, 0.2, 0.3)
    assert with_ng(LIMITS, 0.9) == Limits(0.3, 0.9, 0.3)


def test_the_scale_has_room_for_every_score_and_never_ends_at_zero() -> None:
    assert scale_end(LIMITS, (0.9,)) == pytest.approx(0.99)
    assert scale_end(LIMITS, ()) == pytest.approx(0.675)
    assert scale_end(Limits(0.0, 0.0, 0.0), ()) > 0.0


@pytest.mark.parametrize(
    ("product", "file_name"),
    [
        ("Housing 4711, left", "Housing 4711, left.filo.zip"),
        ("../../etc/passwd", "_.._etc_passwd.filo.zip"),
        ('a<b>:"c"|d?*\n', "a_b___c__d___.filo.zip"),
        (" . ", "product.filo.zip"),
        ("ü" * 300, "ü" * 100 + ".filo.zip"),
    ],
)
def test_a_product_called_anything_gets_a_file_name_every_system_takes(product: str, file_name: str) -> None:
    assert export_file_name(product) == file_name
