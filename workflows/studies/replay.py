"""Two recipes of a product judge the same stored pictures again. Nothing of it enters the record of inspections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from time import perf_counter
from typing import TYPE_CHECKING, Any

from filo_core.calibration.replay import Pitted, RecipeComparison, Turned, compare_recipes
from filo_core.errors import EvidenceError, ProductError
from filo_core.events import StepDone
from filo_core.imaging import decode_image
from filo_core.judging import judge
from filo_core.sentence import Sentence
from filo_core.statistics.rates import Rate
from filo_core.types import InspectionFilter, Origin, ProductDraft, Recipe, Verdict
from workflows.studies.parts import decided_parts, learned

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from workflows.products.catalogue import Catalogue

DRAFT = "draft"
"""What a product's draft is called beside its versions."""
USUAL_PICTURES = 200


@dataclass(frozen=True, slots=True)
class Contestant:
    """A recipe version, or a product's draft as it stands, which is signed by nobody."""

    name: str
    """``"1"``, or ``"draft"``."""
    profile: str
    recipe: Recipe | None
    """None for the draft: its recipe names the model that is loaded."""
    draft: ProductDraft | None = None

    def recipe_for(self, engine: Engine) -> Recipe:
        """The recipe to judge by with this engine."""
        if self.recipe is not None:
            return self.recipe
        assert self.draft is not None, "a contestant is a version or a draft"
        assert self.draft.limits is not None, "a draft without limits is refused"
        return self.draft.recipe(self.draft.limits, engine.model_hash_for(self.draft.eyes))


@dataclass
class Replay:
    """Pictures on their way through two recipes."""

    product: str
    first: Contestant
    second: Contestant
    parts: tuple[tuple[str, str, Verdict | None], ...]
    """Image hash, name, and what people decided."""
    left_out: int
    """Pictures that one of the two recipes knows by heart."""
    answers: dict[str, list[tuple[Verdict, float | None]]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """True once both have judged everything."""
        names = (self.first.name, self.second.name)
        return all(len(self.answers.get(name, ())) == len(self.parts) for name in names)

    def comparison(self) -> RecipeComparison:
        """What came of it.

        Raises:
            EvidenceError: if there was no picture.
        """
        return compare_recipes(
            self.parts, self.answers.get(self.first.name, ()), self.answers.get(self.second.name, ())
        )


def contestants(catalogue: Catalogue, product: str) -> tuple[str, ...]:
    """Versions of a product, the newest first, and the draft where it has limits.

    Raises:
        ProductError: if there is no such product.
    """
    with catalogue.storage.reading() as transaction:
        versions = [str(version.version) for _, version in transaction.products.recipes(product)]
    draft = [DRAFT] if catalogue.draft(product).limits is not None else []
    return (*reversed(versions), *draft)


def contestant(catalogue: Catalogue, product: str, name: str) -> Contestant:
    """A version by its number, or the draft.

    Raises:
        ProductError: if there is no such version, or the draft has no limits yet.
    """
    if name.strip().lower() == DRAFT:
        draft = catalogue.draft(product)
        if draft.limits is None:
            raise ProductError(
                "The draft of {name} has no limits yet. Calibrate it first.", name=draft.description.name
            )
        return Contestant(DRAFT, draft.profile, None, draft)
    if not name.strip().isdecimal():
        raise ProductError("{name!r} is no recipe version. Give a number, or {draft}.", name=name[:40], draft=DRAFT)
    version = catalogue.recipe(product, int(name))
    return Contestant(str(version.version), version.recipe.profile, version.recipe)


def replay_of(
    catalogue: Catalogue, product: str, first: Contestant, second: Contestant, most: int = USUAL_PICTURES
) -> Replay:
    """Which pictures are judged again: those that people have decided on first, then the newest, each content once.

    Raises:
        ProductError: if there is no such product, or a recipe is compared with itself.
        EvidenceError: if there is no picture.
    """
    if first.name == second.name:
        raise ProductError("A recipe cannot be compared with itself. Choose two versions.")
    storage = catalogue.storage
    decided = decided_parts(storage, product)
    # In turn, so that a few pictures say something about both mistakes.
    kinds = [[part for part in decided if part.expected is kind] for kind in (Verdict.NG, Verdict.OK)]
    in_turn = (part for pair in zip_longest(*kinds) for part in pair if part is not None)
    parts: dict[str, tuple[str, str, Verdict | None]] = {
        part.image_hash: (part.image_hash, part.name, part.expected) for part in in_turn
    }
    with storage.reading() as transaction:
        wanted = InspectionFilter(product=product, undecided=True)
        rows = transaction.inspections.page(wanted, None, most)
    for row in rows:
        if row.image_hash and storage.artefacts.path_of(row.image_hash).is_file():
            parts.setdefault(row.image_hash, (row.image_hash, row.name, None))
    by_heart = frozenset[str]().union(*(_by_heart(one) for one in (first, second)))
    known = [part for part in parts.values() if part[0] not in by_heart]
    if not known:
        raise EvidenceError(
            "There is no stored picture of {product} to judge again. Inspect some first.", product=product
        )
    return Replay(product, first, second, tuple(known[:most]), len(parts) - len(known))


def replay_steps(
    catalogue: Catalogue, replay: Replay, only: Contestant | None = None
) -> Callable[[Engine], Iterator[StepDone]]:
    """Judge every picture by both recipes, or by one of them where they need engines of their own."""
    contestants = (replay.first, replay.second) if only is None else (only,)

    def run(engine: Engine) -> Iterator[StepDone]:
        total, done = len(replay.parts) * len(contestants), 0
        for one in contestants:
            recipe = one.recipe_for(engine)
            detector = engine.detector(recipe, catalogue.references(recipe))
            answers = replay.answers[one.name] = []
            for image_hash, name, _ in replay.parts:
                image = decode_image(catalogue.storage.artefacts.get_bytes(image_hash), name)
                found = judge(image, recipe, detector, Origin.SINGLE, perf_counter())
                answers.append((found.verdict, found.prediction.image_score if found.prediction else None))
                done += 1
                yield StepDone(done, total, one.name)

    return run


def comparison_lines(replay: Replay) -> tuple[str, ...]:
    """What came of it in sentences, the most important one first."""
    found = replay.comparison()
    decided = [part for part in found.parts if part.truth is not None]
    a, b = replay.first.name, replay.second.name
    turns = ", ".join(
        Sentence("{number} {value}", number=number, value=kind.value) for kind, number in found.turns.items()
    ) or Sentence("no verdict differs")
    heart = (
        Sentence(" {left_out} that one of them learned from left out.", left_out=replay.left_out)
        if replay.left_out
        else ""
    )
    return (
        Sentence("{product}, {b} instead of {a}: {turns}.", product=replay.product, b=b, a=a, turns=turns),
        Sentence(
            "{count} stored pictures, of which people decided {decided}.{heart}",
            count=len(found.parts),
            decided=len(decided),
            heart=heart,
        ),
        Sentence("Missed (bad called OK): {missed}", missed=_pitted_line(found.missed, a, b)),
        Sentence("Refused (good called NG): {refused}", refused=_pitted_line(found.refused, a, b)),
        Sentence("In REVIEW: {doubted}", doubted=_pitted_line(found.doubted, a, b)),
        Sentence("Nothing of this was recorded as an inspection."),
    )


def comparison_content(replay: Replay) -> dict[str, Any]:
    """The comparison as data."""
    found = replay.comparison()
    return {
        "product": replay.product,
        "a": replay.first.name,
        "b": replay.second.name,
        "pictures": len(found.parts),
        "decided": sum(part.truth is not None for part in found.parts),
        "left_out": replay.left_out,
        "turned": {kind.value: found.turns.get(kind, 0) for kind in Turned},
        "missed": _pitted_content(found.missed),
        "refused": _pitted_content(found.refused),
        "review": _pitted_content(found.doubted),
        "differing": [
            {
                "name": part.name,
                "hash": part.image_hash,
                "decided": part.truth.value if part.truth else None,
                "a": part.first.value,
                "b": part.second.value,
                "score_a": part.first_score,
                "score_b": part.second_score,
                "turned": part.turned.value if part.turned else None,
            }
            for part in found.differing
        ],
    }


def _by_heart(one: Contestant) -> frozenset[str]:
    if one.recipe is not None:
        return learned(one.recipe)
    assert one.draft is not None, "a contestant is a version or a draft"
    references = (reference.image_hash for reference in one.draft.references)
    return frozenset((*references, *(patch.image_hash for patch in one.draft.taught_patches)))


def _pitted_line(figure: Callable[[], Pitted], a: str, b: str) -> str:
    try:
        pitted = figure()
    except EvidenceError as error:
        return str(error)
    only = Sentence(
        "only {a} {only_first}, only {b} {only_second}",
        a=a,
        only_first=pitted.only_first,
        b=b,
        only_second=pitted.only_second,
    )
    return Sentence(
        "{a} {sentence}; {b} {sentence_2}; {only}, McNemar's exact test p = {p:.2g}.",
        a=a,
        sentence=pitted.first.sentence,
        b=b,
        sentence_2=pitted.second.sentence,
        only=only,
        p=pitted.p,
    )


def _pitted_content(figure: Callable[[], Pitted]) -> dict[str, Any]:
    try:
        pitted = figure()
    except EvidenceError as error:
        return {"missing": str(error)}
    return {
        "a": _rate_content(pitted.first),
        "b": _rate_content(pitted.second),
        "only_a": pitted.only_first,
        "only_b": pitted.only_second,
        "p": pitted.p,
    }


def _rate_content(rate: Rate) -> dict[str, float]:
    return {"count": rate.count, "of": rate.of, "rate": rate.value, "lower": rate.lower, "upper": rate.upper}
