"""What is known of a product's bad parts, from its draft to the recipe version that carries it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from filo_core.calibration.bad_parts import prove
from filo_core.events import Calibrated
from filo_core.golden_set import GoldenAnswer, GoldenChecked, GoldenPart
from filo_core.proof import JudgedPart, Standing
from filo_core.types import (
    LONGEST_REASON,
    AnomalyType,
    EventKind,
    Limits,
    ProductDescription,
    RecipeVersion,
    SourceImage,
    Verdict,
)
from tests.unit.storage.making import MODEL_HASH, make_image
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSetError, GoldenSets
from workflows.products.proofs import reason_of_command

NAME = "metal nut"
LIMITS = Limits(0.3, 0.6, 0.4)
GOOD = [make_image(shade, f"good {shade}.png") for shade in (1, 2)]
BAD = [make_image(shade, f"bad {shade}.png") for shade in (101, 102, 103)]


@pytest.fixture
def product(catalogue: Catalogue) -> Catalogue:
    catalogue.create(ProductDescription(NAME, "nut"))
    catalogue.set_anomaly_types(NAME, [AnomalyType("scratch")])
    for image in GOOD:
        catalogue.add_reference(NAME, image)
    return catalogue


def judged(image: SourceImage, score: float) -> JudgedPart:
    return JudgedPart(image.image_hash, image.name, score)


def calibrate(catalogue: Catalogue, *bad: float, limits: Limits = LIMITS) -> None:
    good = [judged(image, score) for image, score in zip(GOOD, (0.1, 0.2), strict=True)]
    shown = [judged(image, score) for image, score in zip(BAD, bad, strict=False)]
    proof = prove(limits, good, shown)
    catalogue.set_calibration(
        NAME, Calibrated(limits, (0.1, 0.2), 1 / 3, "two good parts", MODEL_HASH, trained=True, proof=proof)
    )


def show(catalogue: Catalogue, count: int) -> None:
    GoldenSets(catalogue.storage).add_shown(NAME, BAD[:count], Verdict.NG, "Ada")


def sign(catalogue: Catalogue, reason: str = "") -> RecipeVersion:
    return catalogue.sign_off(NAME, "Ada", MODEL_HASH, reason=reason)


def test_a_draft_without_a_bad_part_was_never_shown_one(product: Catalogue) -> None:
    calibrate(product)
    proof = product.proof(NAME)
    assert proof.standing is Standing.NEVER_SHOWN
    assert [(part.name, part.score) for part in proof.good] == [("good 1.png", 0.1), ("good 2.png", 0.2)]


def test_bad_parts_that_came_after_the_calibration_are_not_judged_yet(product: Catalogue) -> None:
    calibrate(product)
    show(product, 2)
    assert product.proof(NAME).standing is Standing.NOT_JUDGED
    assert product.proof(NAME).counts.bad == 2
    calibrate(product, 0.5, 0.9)
    assert product.proof(NAME).standing is Standing.TELLS
    show(product, 3)
    assert product.proof(NAME).standing is Standing.NOT_JUDGED


def test_limits_that_are_moved_are_held_against_the_same_parts(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.5, 0.9)
    product.set_limits(NAME, Limits(0.55, 0.8, 0.4))
    proof = product.proof(NAME)
    assert proof.standing is Standing.MISSES
    assert [part.name for part in proof.missed] == ["bad 101.png"]
    assert proof.sentence == "Misses 1 of 2 bad parts."


def test_a_part_that_left_the_golden_set_is_not_counted(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.1, 0.9)
    assert product.proof(NAME).standing is Standing.MISSES
    GoldenSets(product.storage).remove(NAME, BAD[0].image_hash, "Ada")
    assert product.proof(NAME).standing is Standing.TELLS


def test_another_set_up_has_to_judge_them_again(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.5, 0.9)
    product.describe(NAME, ProductDescription(NAME, "hex nut"))
    assert product.proof(NAME).standing is Standing.NOT_JUDGED
    for image in BAD[:2]:
        GoldenSets(product.storage).remove(NAME, image.image_hash, "Ada")
    assert product.proof(NAME).standing is Standing.NEVER_SHOWN, "it has good images, which are not scored yet"


def test_a_signature_keeps_what_was_known_and_why_it_was_given(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.1, 0.9)
    version = sign(product, "  the crack is sorted\nout by hand ")
    signed = product.signed_proof(NAME)
    assert (signed.version, signed.counts.missed, signed.counts.bad) == (1, 1, 2)
    assert signed.sentence == "Misses 1 of 2 bad parts. Signed anyway: the crack is sorted out by hand"
    with product.storage.reading() as transaction:
        (event,) = transaction.events.of_kinds(EventKind.RECIPE_PROVEN)
    detail = json.loads(event.detail)
    assert (event.actor, event.subject, detail["recipe"]) == ("Ada", NAME, version.recipe.content_hash)


def test_no_reason_is_kept_where_none_is_needed(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.5, 0.9)
    sign(product, "because")
    assert product.signed_proof(NAME).reason == ""
    assert product.signed_proof(NAME).sentence == ""


def test_a_command_hides_nothing(product: Catalogue) -> None:
    show(product, 2)
    calibrate(product, 0.1, 0.9)
    product.sign_off(NAME, "Ada", MODEL_HASH, "", reason_of_command)
    assert "although it misses 1 of 2 bad parts" in product.signed_proof(NAME).sentence


def test_a_reason_has_its_length(product: Catalogue) -> None:
    calibrate(product)
    with pytest.raises(Exception, match="at most"):
        sign(product, "x" * (LONGEST_REASON + 1))


def test_a_version_that_was_never_held_against_bad_parts_says_so(product: Catalogue) -> None:
    calibrate(product)
    first = sign(product, "no bad part is at hand")
    assert product.signed_proof(NAME).sentence == (
        "Never shown a bad part: it may miss everything. Signed anyway: no bad part is at hand"
    )
    taught = replace(first.recipe, limits=Limits(0.2, 0.5, 0.4))
    with product.storage.transaction() as transaction:
        transaction.products.sign(NAME, taught, "Ada", first.signed_at)
    assert product.signed_proof(NAME).counts.standing is Standing.NEVER_SHOWN
    show(product, 2)
    assert product.signed_proof(NAME).counts.standing is Standing.NOT_JUDGED
    assert product.signed_proof(NAME).sentence.startswith("2 bad parts of the golden set not judged")


@pytest.mark.parametrize(
    ("verdict", "score", "standing"),
    [(Verdict.OK, 0.1, Standing.MISSES), (Verdict.NG, 0.9, Standing.TELLS), (Verdict.REVIEW, 0.2, Standing.BLURRED)],
)
def test_a_newer_golden_check_counts(product: Catalogue, verdict: Verdict, score: float, standing: Standing) -> None:
    calibrate(product)
    version = sign(product)
    known = (GoldenPart("a" * 64, "bad.png", Verdict.NG), GoldenPart("b" * 64, "good.png", Verdict.OK))
    answers = (GoldenAnswer(known[0], verdict, score), GoldenAnswer(known[1], Verdict.OK, 0.3))
    GoldenSets(product.storage).keep(NAME, GoldenChecked(answers, version.recipe.content_hash), "Ada")
    assert product.signed_proof(NAME).counts.standing is standing


def test_a_good_image_is_no_bad_part(product: Catalogue) -> None:
    golden = GoldenSets(product.storage)
    with pytest.raises(GoldenSetError, match=r"good 1\.png is one of the good images"):
        golden.add_shown(NAME, [BAD[0], GOOD[0]], Verdict.NG, "Ada")
    assert golden.parts(NAME) == ()
    golden.add_shown(NAME, [GOOD[0]], Verdict.OK, "Ada")
    assert golden.parts(NAME) == (), "the references are known to be good already"


def test_parts_of_the_golden_set_come_with_their_images(product: Catalogue) -> None:
    other = make_image(50, "another good one.png")
    show(product, 2)
    GoldenSets(product.storage).add_shown(NAME, [other], Verdict.OK, "Ada")
    recipe = product.draft(NAME).recipe(LIMITS, MODEL_HASH)
    good, bad = GoldenSets(product.storage).shown(recipe)
    assert [part.image_hash for part in good] == [other.image_hash]
    assert {image.name for image in bad} == {"bad 101.png", "bad 102.png"}
