"""Several views of one part: each is judged by its own recipe, and the worst decides.

A view's limits lie where its own good parts put them, so scores of two views mean different things. The score of a
part is on a scale that all of them share: the limits for OK lie at 0.5 and the limits for NG at 0.75, whatever they
are, and between these it is stretched evenly. So a part's score gives the very verdict that its worst view has, and
whoever counts, charts or compares parts goes on knowing one number and one pair of limits.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from filo_core.identity import NOBODY, Identity
from filo_core.sentence import Sentence
from filo_core.types import (
    Inspection,
    InspectionRecord,
    Limits,
    Origin,
    ProductDraft,
    Recipe,
    RecipeVersion,
    Verdict,
    View,
    ViewInspection,
    ViewRecord,
)

MOST_VIEWS = 8
PART_LIMITS = Limits(ok=0.5, ng=0.75, region=0.5)
"""Of every part with views, whatever limits its views have."""
_ORDER = (Verdict.OK, Verdict.REVIEW, Verdict.NOT_INSPECTED, Verdict.NG)
"""A defect that was seen is one, whatever a missing view would have shown; nothing else outweighs a missing one."""
_BETWEEN = " / "


@dataclass(frozen=True, slots=True)
class JudgingView:
    """A view as it judges: the version of its own recipe that the part's recipe names."""

    name: str
    version: RecipeVersion
    suffix: str = ""
    source: str = ""

    @property
    def recipe(self) -> Recipe:
        """What its pictures are judged by."""
        return self.version.recipe


def view_product(product: str, view: str) -> str:
    """What the set-up of a view is called among products."""
    return f"{product}{_BETWEEN}{view}"


def with_views(draft: ProductDraft, views: Sequence[View]) -> ProductDraft:
    """A draft with its views, and with the limits, model and promise that follow from theirs."""
    if not views:
        return draft
    drafts = [view.draft for view in views]
    calibrated = all(one.limits is not None for one in drafts)
    notes = [f"{view.name}: {view.draft.calibration_note}" for view in views if view.draft.calibration_note]
    return replace(
        draft,
        views=tuple(views),
        limits=PART_LIMITS if calibrated else None,
        calibration_note=" ".join(notes),
        model_hash=joint_hash([one.model_hash for one in drafts]) if calibrated else "",
        profile=drafts[0].profile,
    )


def joint_hash(hashes: Sequence[str]) -> str:
    """One hash for several models: their own where it is one and the same."""
    return hashes[0] if len(set(hashes)) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def on_part_scale(score: float, limits: Limits) -> float:
    """A view's score, in [0, 1], on the scale of its part: it gives the same verdict under :data:`PART_LIMITS`."""
    ends = (0.0, limits.ok, min(limits.ng, 1.0), 1.0)
    marks = (0.0, PART_LIMITS.ok, PART_LIMITS.ng, 1.0)
    step = (Verdict.OK, Verdict.REVIEW, Verdict.NG).index(limits.verdict(score))
    low, high = ends[step], ends[step + 1]
    share = min(max((score - low) / (high - low), 0.0), 1.0) if high > low else 0.0
    moved = marks[step] + share * (marks[step + 1] - marks[step])
    # A score just beyond a limit stays beyond it.
    return moved if step == 0 or moved > marks[step] else math.nextafter(marks[step], 1.0)


def worst_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict of a part whose views have these."""
    return max(verdicts, key=_ORDER.index)


def part_inspection(name: str, views: Sequence[ViewInspection], recipe: Recipe, started: float) -> Inspection:
    """A part from what each of its views came to; the worst decides.

    Args:
        name: of the part.
        views: one or more, in the order of the recipe.
        recipe: of the part.
        started: ``time.perf_counter()`` when the first picture was there.
    """
    decided = worst_verdict([view.inspection.verdict for view in views])
    identity, differing = _identity(views)
    # Codes of two views that name two parts leave it in doubt which one this is.
    verdict = worst_verdict([decided, Verdict.REVIEW]) if differing else decided
    worst = max(
        (view for view in views if view.inspection.verdict is decided),
        key=lambda view: _score(view) if view.inspection.prediction is not None else 0.0,
    )
    found = worst.inspection
    prediction = replace(found.prediction, image_score=_score(worst)) if found.prediction is not None else None
    ages = [view.inspection.frame_age_ms for view in views if view.inspection.frame_age_ms is not None]
    return Inspection(
        name=name,
        image_hash=found.image_hash,
        recipe_hash=recipe.content_hash,
        verdict=verdict,
        origin=found.origin,
        inspected_at=datetime.now(UTC),
        seconds=time.perf_counter() - started,
        image=found.image,
        prediction=prediction,
        reason=" ".join(filter(None, (_reason(views, decided), differing))),
        identity=identity,
        frame_age_ms=max(ages, default=None),
        views=tuple(views),
    )


def part_hash(image_hashes: Sequence[tuple[str, str]]) -> str:
    """What tells one part from another: SHA-256 over the names of its views and the hashes of their pictures."""
    return hashlib.sha256(json.dumps(sorted(image_hashes)).encode()).hexdigest()


def part_hash_of(inspection: Inspection) -> str:
    """The same of an inspection; empty without views."""
    pictures = [(view.name, view.inspection.image_hash) for view in inspection.views]
    return part_hash(pictures) if pictures else ""


def deciding_view(inspection: Inspection) -> ViewInspection | None:
    """The view that a part's picture and regions are of; None without views."""
    shown = [view for view in inspection.views if _is_shown(view, inspection)]
    return next((view for view in shown if view.inspection.verdict is inspection.verdict), next(iter(shown), None))


def missing_view(name: str, view: JudgingView, origin: Origin, reason: str) -> ViewInspection:
    """A view that no verdict is there of, and why; ``name`` is the part's."""
    absent = Inspection(
        name=name,
        image_hash="",
        recipe_hash=view.recipe.content_hash,
        verdict=Verdict.NOT_INSPECTED,
        origin=origin,
        inspected_at=datetime.now(UTC),
        seconds=0.0,
        reason=reason,
    )
    return ViewInspection(view.name, view.recipe.limits, absent)


def view_records(record: InspectionRecord) -> tuple[InspectionRecord, ...]:
    """Each view of a part as an inspection of its own, to be shown where inspections are; decisions are the part's."""
    return tuple(
        replace(
            record,
            product=view_product(record.product, view.name),
            recipe_version=view.recipe_version,
            recipe_hash=view.recipe_hash,
            image_hash=view.image_hash,
            map_hash=view.map_hash,
            width=view.width,
            height=view.height,
            verdict=view.verdict,
            reason=view.reason,
            image_score=view.image_score,
            limits=view.limits,
            regions=view.regions,
            anomaly_types=(),
            retyped=(),
            # Counted in the view that decided.
            counts=record.counts if view.image_hash == record.image_hash else (),
            placement=record.placement if view.image_hash == record.image_hash else None,
            views=(),
        )
        for view in record.views
    )


def picture_record(record: InspectionRecord) -> InspectionRecord:
    """The inspection that the picture and regions of a record are of, under its own recipe.

    Of a part with views it is the view that decided, with what people said of the part; any other record is its own.
    """
    shown = [place for place, view in enumerate(record.views) if view.image_hash and _is_of(view, record)]
    decided = next((place for place in shown if record.views[place].verdict is record.verdict), next(iter(shown), None))
    return record if decided is None else view_records(record)[decided]


def _is_of(view: ViewRecord, record: InspectionRecord) -> bool:
    return view.image_hash == record.image_hash


def _score(view: ViewInspection) -> float:
    prediction = view.inspection.prediction
    assert prediction is not None, "a verdict comes with its prediction"
    return on_part_scale(prediction.image_score, view.limits)


def _is_shown(view: ViewInspection, part: Inspection) -> bool:
    own = view.inspection
    return own.image_hash == part.image_hash and own.image is part.image


def _identity(views: Sequence[ViewInspection]) -> tuple[Identity, str]:
    """What the codes of all views say of the part, and what they do not agree on."""
    identity, said = NOBODY, []
    for view in views:
        read = view.inspection.identity
        said += [
            Sentence(
                "{view} shows the code {read}, and another view {other}.",
                view=view.name,
                read=getattr(read, field),
                other=getattr(identity, field),
            )
            for field in identity.contradicted(read)
        ]
        identity = identity.completed(read)
    return identity, " ".join(said)


def _reason(views: Sequence[ViewInspection], verdict: Verdict) -> str:
    """Which views are as bad as the part, with what each says of itself; empty where all are OK."""
    if verdict is Verdict.OK:
        return ""
    named = [view for view in views if view.inspection.verdict in {verdict, Verdict.NOT_INSPECTED}]
    return " ".join(f"{view.name}: {view.inspection.reason or _SAID[view.inspection.verdict]}" for view in named)


_SAID = {Verdict.REVIEW: "doubtful.", Verdict.NG: "not good."}
