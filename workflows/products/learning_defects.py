"""A product's map learns from bad parts that people confirmed, under a recipe version of its own.

The parts are looked at anew with the recipe's eyes, so that it does not matter which ones found them. A map that tells
them apart clearly better gets limits of its own from the same good parts as before, and is signed like any recipe; the
golden set is checked under it. Undo puts the recipe from before back in force.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filo_core.calibration.evidence import GOAL
from filo_core.calibration.golden_check import check_golden_set
from filo_core.errors import FiloError, StorageError
from filo_core.events import Calibrated, MapPutInForce, MapsTried, PartJudged, StepDone
from filo_core.eyes.map_trial import LEAST_PARTS, MarkedPart
from filo_core.golden_set import GoldenChecked, GoldenPart
from filo_core.imaging import decode_image
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.sentence import Joined, Sentence
from filo_core.types import ProductDraft, Verdict, standing_reviews
from filo_core.zones import without_ease
from workflows.products.draft_rules import unsigned_sentence
from workflows.products.golden import GoldenSets, golden_steps
from workflows.products.known_parts import known_parts
from workflows.products.learned_names import NEWEST
from workflows.products.proofs import asked_rate
from workflows.products.steps import shared_sentence
from workflows.products.view_rules import refuse_part

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.types import InspectionRecord, Recipe, Region, SourceImage
    from storage.storage import Storage
    from workflows.products.catalogue import Catalogue

MOST_PARTS = 40
"""Confirmed bad parts that are looked at, the newest ones: each costs a look."""
MOST_GOOD = 40
"""Good parts besides the references that are."""

LearnEvent = StepDone | PartJudged | MapsTried | MapPutInForce | GoldenChecked
Learn = Callable[["Engine"], Iterator[LearnEvent]]


class LearningError(FiloError):
    """There is too little to learn from, or nothing to take back."""


@dataclass(frozen=True, slots=True)
class ConfirmedDefects:
    """Bad parts of a product that people decided on."""

    parts: tuple[MarkedPart, ...]
    """Each picture once, the newest first; at most :data:`MOST_PARTS`."""
    placeless: int
    """Further ones without a region: nobody knows where they are bad."""
    gone: int
    """Further ones whose picture is not kept any more."""

    def require(self, product: str) -> None:
        """Refuse to learn from too few.

        Raises:
            LearningError: with the counts.
        """
        if len(self.parts) >= LEAST_PARTS:
            return
        more = [
            Sentence(words, count=count)
            for count, words in (
                (self.placeless, Sentence("{count} without a region")),
                (self.gone, Sentence("{count} whose picture is not kept any more")),
            )
            if count
        ]
        besides = Sentence(" Besides those: {more}.", more=Joined(more)) if more else ""
        raise LearningError(
            "A map is learnt from {least_parts} or more parts that a person called NG, each picture "
            "once; {product} has {count}.{besides} Confirm more in Review.",
            least_parts=LEAST_PARTS,
            product=product,
            count=len(self.parts),
            besides=besides,
        )


def confirmed_defects(storage: Storage, recipe: Recipe) -> ConfirmedDefects:
    """The parts of a recipe's product whose newest decision is NG.

    Raises:
        ProductError: if there is no such product.
        StorageError: if the record cannot be read.
    """
    with storage.reading() as transaction:
        decided = transaction.examples.decided(transaction.products.product_id(recipe.product), NEWEST)
        bad = [one for one in decided if (said := standing_reviews(one.reviews)) and said[-1].verdict is Verdict.NG]
        kept = {one.inspection_id: one for one in transaction.inspections.several([one.inspection_id for one in bad])}
    own = {entry.image_hash for entry in recipe.bank_images}
    found: dict[str, MarkedPart] = {}
    placeless, gone = set[str](), set[str]()
    for record in (kept[one.inspection_id] for one in bad if one.inspection_id in kept):
        if record.image_hash in found or record.image_hash in own or len(found) >= MOST_PARTS:
            continue
        if not record.regions:
            placeless.add(record.image_hash)
            continue
        try:
            image = decode_image(storage.artefacts.get_bytes(record.image_hash), record.name)
        except StorageError:
            gone.add(record.image_hash)
            continue
        found[record.image_hash] = MarkedPart(image, tuple(region.box for region in _most_first(record)))
    return ConfirmedDefects(tuple(found.values()), len(placeless - set(found)), len(gone - set(found)))


def _most_first(record: InspectionRecord) -> list[Region]:
    """Its regions; those that a person named alone, where somebody named single ones."""
    named = [region for region, name in zip(record.regions, record.retyped, strict=False) if name]
    return sorted(named or record.regions, key=lambda region: -region.score)


def learn_steps(catalogue: Catalogue, name: str, *, signed_by: str = "", pin: str = "", keeps: bool = True) -> Learn:
    """Try which map tells the confirmed parts apart best; a better one comes in force, its limits found again.

    Once there are users, the person signed in gives the PIN again.

    Args:
        catalogue: of the products.
        name: which one.
        signed_by: who signs while there are no users.
        pin: of who is signed in.
        keeps: False to look, and change nothing.
    """

    def run(engine: Engine) -> Iterator[LearnEvent]:
        if keeps:
            # Asked before minutes are spent on what could not be signed.
            catalogue.require_sign_off(signed_by)
        before = _in_force(catalogue, name)
        defects = confirmed_defects(catalogue.storage, before)
        defects.require(before.product)
        images = catalogue.references(before)
        known = known_parts(catalogue.storage, _unlike(before))
        tried = None
        others = [part.image for part in known.good if part.image is not None][-MOST_GOOD:]
        marked = {part.image.image_hash for part in defects.parts}
        others = [image for image in others if image.image_hash not in marked]
        for event in engine.try_maps(before, images, others, defects.parts):
            tried = event if isinstance(event, MapsTried) else tried
            yield event
        if tried is None or tried.learned is None or tried.learned == before.learned_map or not keeps:
            return
        after = replace(before, learned_map=tried.learned)
        yield from _put_in_force(catalogue, engine, (before, after), images, (signed_by, pin))

    return run


def forget_steps(catalogue: Catalogue, name: str, *, signed_by: str = "", pin: str = "") -> Learn:
    """Take back what the map learnt last: the recipe from before comes back, its limits found again if need be."""

    def run(engine: Engine) -> Iterator[LearnEvent]:
        catalogue.require_sign_off(signed_by)
        before = _in_force(catalogue, name)
        if before.learned_map is None:
            raise LearningError(
                "The map of {product} has learnt nothing that could be taken back.", product=before.product
            )
        former = _former(catalogue, before)
        if former is not None:
            version = catalogue.put_map_in_force(before, former, None, signed_by, pin)
            yield MapPutInForce(version, undone=True, calibration="")
            yield from _checked(catalogue, engine, before.product, version.signed_by)
            return
        after = replace(before, learned_map=None)
        images = catalogue.references(before)
        yield from _put_in_force(catalogue, engine, (before, after), images, (signed_by, pin), undone=True)

    return run


def _in_force(catalogue: Catalogue, name: str) -> Recipe:
    draft = catalogue.draft(name)
    refuse_part(draft)
    recipe = catalogue.recipe(name).recipe
    if draft.changed_since_signing:
        raise LearningError(unsigned_sentence(recipe.product))
    return recipe


def _unlike(recipe: Recipe) -> Recipe:
    """A recipe whose scores nothing in the record can be compared with, so that good parts bring their pictures."""
    return replace(recipe, learned_map=LearnedMap(MapKind.KNOWN, recipe.model_hash, ("any",)))


def _former(catalogue: Catalogue, before: Recipe) -> Recipe | None:
    """The newest signed recipe that differs from this one in its learnt map and what was found with it alone."""
    for version in reversed(catalogue.versions(before.product)):
        one = version.recipe
        if one.learned_map == before.learned_map or without_ease(one.zones) != without_ease(before.zones):
            continue
        same = replace(one, learned_map=before.learned_map, limits=before.limits, zones=before.zones)
        if same.content_hash == before.content_hash:
            return one
    return None


def _put_in_force(
    catalogue: Catalogue,
    engine: Engine,
    recipes: tuple[Recipe, Recipe],
    images: tuple[SourceImage, ...],
    signature: tuple[str, str],
    *,
    undone: bool = False,
) -> Iterator[LearnEvent]:
    before, after = recipes
    # What moves the limits of several regions to one scale belongs to the map they were found with.
    after = replace(after, zones=without_ease(after.zones))
    known = known_parts(catalogue.storage, after)
    draft: ProductDraft = replace(
        catalogue.draft(before.product), learned_map=after.learned_map, eyes=after.eyes, zones=after.zones
    )
    calibrated, shares = None, catalogue.share_of_promise(before.product)
    with catalogue.storage.reading() as transaction:
        # What the product promised is promised again, whatever is usual.
        rate = asked_rate(transaction, before.product) or GOAL / shares
    for event in engine.calibrate(draft, images, known.good, rate, known.bad, known.apart):
        if isinstance(event, Calibrated):
            calibrated = replace(event, sentence=shared_sentence(event.sentence, shares, rate * shares))
        else:
            yield event
    assert calibrated is not None, "a calibration ends with its limits"
    signed_by, pin = signature
    after = replace(after, limits=calibrated.limits, zones=calibrated.zones)
    checked = None
    if GoldenSets(catalogue.storage).parts(after.product):
        checked = yield from _golden(catalogue, engine, after, images)
        if not undone and not checked.passed:
            earlier = yield from _golden(catalogue, engine, before, images)
            if earlier.passed:
                raise LearningError("With this map: {sentence} So nothing is changed.", sentence=checked.sentence)
    version = catalogue.put_map_in_force(before, after, calibrated, signed_by, pin)
    yield MapPutInForce(version, undone, calibrated.sentence)
    if checked is not None:
        GoldenSets(catalogue.storage).keep(after.product, checked, version.signed_by)
        yield checked


def _golden(
    catalogue: Catalogue, engine: Engine, recipe: Recipe, images: tuple[SourceImage, ...]
) -> Generator[StepDone, None, GoldenChecked]:
    """The golden set under a recipe that nobody has signed yet; nothing is kept."""

    def read(part: GoldenPart) -> SourceImage:
        return decode_image(catalogue.storage.artefacts.get_bytes(part.image_hash), part.name)

    parts = GoldenSets(catalogue.storage).parts(recipe.product)
    checked = None
    for event in check_golden_set(parts, read, recipe, engine.detector(recipe, images)):
        if isinstance(event, StepDone):
            yield event
        else:
            checked = event
    assert checked is not None, "a check ends with its answers"
    return checked


def _checked(catalogue: Catalogue, engine: Engine, name: str, by: str) -> Iterator[StepDone | GoldenChecked]:
    if GoldenSets(catalogue.storage).parts(name):
        yield from golden_steps(catalogue, name, by)(engine)
