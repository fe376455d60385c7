"""Jobs on a product's draft: its limits, and what its phrases light up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from filo_core.calibration.evidence import GOAL
from filo_core.events import Calibrated, EyesChosen, JobEvent, PartJudged, PhrasesLit, StepDone
from filo_core.sentence import Sentence, sentences
from filo_core.statistics.rates import percent
from filo_core.types import ANY_LIMITS
from filo_core.zones import without_ease
from workflows.products.golden import GoldenSets
from workflows.products.known_parts import known_parts

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.types import Sight
    from workflows.products.catalogue import Catalogue

Steps = Callable[["Engine"], Iterator[JobEvent]]
"""A job's work: made with the engine on the worker's thread, advanced one event at a time."""


def calibration_steps(catalogue: Catalogue, name: str, alpha: float = GOAL, *, keeps: bool = True) -> Steps:
    """Limits from a product's references, confirmed good parts and golden set; in the draft before they are passed on.

    Args:
        catalogue: of the products.
        name: which one.
        alpha: false-reject rate to promise where the good parts carry it; the views of a part keep it together
            (Bonferroni), each of k the k-th part of it.
        keeps: False to look at the known parts and leave the draft as it is.
    """

    def run(engine: Engine) -> Iterator[StepDone | PartJudged | Calibrated]:
        # The limits hold for the model that found them, so the recipe names that one.
        draft, shares = replace(catalogue.draft(name), profile=engine.profile), catalogue.share_of_promise(name)
        seen = catalogue.references(name) if draft.eyes is None else ()
        # Of several regions the record keeps the highest score alone: without what moved them no score of before
        # counts, and confirmed parts are scored again.
        draft = replace(draft, eyes=engine.eyes_of(draft, seen), zones=without_ease(draft.zones))
        recipe = draft.recipe(ANY_LIMITS, engine.model_hash_for(draft.eyes))
        known = known_parts(catalogue.storage, recipe)
        images = catalogue.references(recipe)
        for event in engine.calibrate(draft, images, known.good, alpha / shares, known.bad, known.apart):
            if isinstance(event, Calibrated):
                told = replace(event, sentence=shared_sentence(event.sentence, shares, alpha))
                if keeps:
                    catalogue.set_calibration(name, told, engine.profile)
                yield told
            else:
                yield event

    return run


def shared_sentence(sentence: str, shares: int, alpha: float) -> str:
    """What is promised of one of several views, and what of all of them."""
    if shares == 1:
        return sentence
    each = percent(alpha / shares)
    of_all = Sentence(
        "{shares} views share the promise of {alpha}: each has to keep {each} of it. "
        "Of a part the sum of what they promise is promised.",
        shares=shares,
        alpha=percent(alpha),
        each=each,
    )
    return sentences(sentence, of_all)


def eyes_steps(catalogue: Catalogue, name: str, sight: Sight | None = None) -> Steps:
    """A trial of how the product is best looked at, on the golden set's bad parts too; what it chose is in the draft.

    Args:
        catalogue: of the products.
        name: which one.
        sight: kind of eyes to choose among; the usual kind unless given.
    """

    def run(engine: Engine) -> Iterator[StepDone | EyesChosen]:
        draft = catalogue.draft(name)
        own = {reference.image_hash for reference in draft.references}
        images = [image for image in catalogue.references(name) if image.image_hash in own]
        _, bad = GoldenSets(catalogue.storage).shown(draft.recipe(ANY_LIMITS, ""))
        for event in engine.choose_eyes(draft, images, [part.pixels for part in bad], sight):
            if isinstance(event, EyesChosen):
                catalogue.set_eyes(name, event.chosen)
            yield event

    return run


def phrase_steps(catalogue: Catalogue, name: str) -> Steps:
    """What each phrase of a product's draft lights up on its good images; nothing is recorded."""

    def run(engine: Engine) -> Iterator[StepDone | PhrasesLit]:
        yield from engine.light_phrases(catalogue.draft(name), catalogue.references(name))

    return run
