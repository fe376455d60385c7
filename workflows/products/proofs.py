"""What is known of a product's bad parts: of its draft, and of each recipe version that was signed.

Events of the audit chain keep it, so no table can say anything else: the known parts with their scores at a
calibration, and what they came to with the reason at a signature.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from filo_core.calibration.bad_parts import most_missed, prove
from filo_core.errors import RecipeError
from filo_core.proof import Counts, JudgedPart, Proof, SignedProof, Standing
from filo_core.sentence import Sentence
from filo_core.types import LONGEST_REASON, EventKind, Limits, Verdict
from filo_core.views import PART_LIMITS, on_part_scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from filo_core.events import Calibrated
    from filo_core.golden_set import GoldenCheck, GoldenPart
    from filo_core.types import ProductDraft, RecipeVersion, View
    from storage.storage import Transaction


def judged_detail(draft: ProductDraft, calibrated: Calibrated) -> dict[str, Any]:
    """What the event of a calibration keeps of the parts behind it."""
    proof, limits = calibrated.proof, calibrated.limits
    assert proof is not None, "there are parts to keep"
    return {
        "scoring_hash": draft.recipe(limits, calibrated.model_hash).scoring_hash,
        "limits": [limits.ok, limits.ng],
        "good": [list(_kept(part)) for part in proof.good],
        "bad": [list(_kept(part)) for part in proof.bad],
        "missed_unseen": proof.missed_unseen,
        "apart": [list(_kept(part)) for part in calibrated.apart],
        "promise": calibrated.promise,
        "promised_at": calibrated.promised_at,
        "refused_as": calibrated.refused_as.value,
        "alpha": calibrated.alpha,
    }


def asked_rate(transaction: Transaction, product: str) -> float | None:
    """The false-reject rate that the newest calibration of a product was asked to promise; a view's is its share.

    None before the first, and where it is from before the rate was kept.
    """
    newest = next(iter(transaction.events.about(EventKind.PARTS_JUDGED, product, 1)), None)
    rate = json.loads(newest.detail).get("alpha") if newest is not None else None
    return float(rate) if rate is not None else None


def draft_proof(transaction: Transaction, draft: ProductDraft) -> Proof:
    """The parts of the newest calibration of its set-up held against the draft's limits, wherever those were moved to.

    Bad parts that came to the golden set after it are not judged yet; those that left it are not counted any more.
    """
    if draft.views:
        return _of_views(transaction, draft.views)
    name = draft.description.name
    limits = draft.limits or Limits(0.0, 0.0, 0.0)
    scores: tuple[float, ...] = ()
    scoring_hash = draft.recipe(limits, draft.model_hash).scoring_hash
    kept = transaction.calibrations.newest(transaction.products.product_id(name))
    if kept is not None and draft.limits is not None and kept.scoring_hash == scoring_hash:
        scores = kept.reference_scores
    own = tuple(
        JudgedPart(reference.image_hash, reference.name, score)
        for reference, score in zip(draft.references, scores, strict=False)
    )
    known = {
        part.image_hash
        for part in transaction.golden.parts(transaction.products.product_id(name))
        if part.expected is Verdict.NG
    }
    for event in transaction.events.about(EventKind.PARTS_JUDGED, name):
        detail = json.loads(event.detail)
        if detail["scoring_hash"] != scoring_hash or draft.limits is None:
            continue
        bad = [part for part in _parts(detail["bad"]) if part.image_hash in known]
        proof = prove(limits, _parts(detail["good"]), bad)
        if detail["limits"] == [limits.ok, limits.ng] and len(bad) == len(detail["bad"]):
            proof = _with_unseen(proof, detail["missed_unseen"])
        return replace(proof, waiting=len(known - {part.image_hash for part in bad}))
    return Proof(limits, own, waiting=len(known), unscored=len(draft.references) - len(own))


def _of_views(transaction: Transaction, views: Sequence[View]) -> Proof:
    """What is known of all views of a part together, each on the scale of the part."""
    found = [(draft_proof(transaction, view.draft), view.draft.limits or PART_LIMITS) for view in views]

    def moved(parts: Sequence[JudgedPart], limits: Limits) -> list[JudgedPart]:
        return [replace(part, score=on_part_scale(part.score, limits)) for part in parts]

    proof = Proof(
        PART_LIMITS,
        tuple(part for one, limits in found for part in moved(one.good, limits)),
        tuple(part for one, limits in found for part in moved(one.bad, limits)),
        waiting=sum(one.waiting for one, _ in found),
        unscored=sum(one.unscored for one, _ in found),
    )
    return _with_unseen(proof, sum(one.missed_unseen for one, _ in found))


def tidy_reason(reason: str, counts: Counts) -> str:
    """The reason as it is kept; none where none is needed.

    Raises:
        RecipeError: if it is too long.
    """
    tidy = " ".join(reason.split())
    if len(tidy) > LONGEST_REASON:
        raise RecipeError("Say why it is signed in at most {longest_reason} characters.", longest_reason=LONGEST_REASON)
    return tidy if counts.standing.needs_reason else ""


def reason_of_command(counts: Counts) -> str:
    """What is kept where a command signs and nobody said why, so that nothing is hidden."""
    if counts.standing is Standing.MISSES:
        return Sentence(
            "signed from the command line although it misses {missed} of {bad} bad parts.",
            missed=counts.missed,
            bad=counts.bad,
        )
    if counts.standing is Standing.WORDS_ALONE:
        return Sentence("signed from the command line, and no good part was shown.")
    return Sentence("signed from the command line, and no bad part was judged.")


def proven_detail(version: RecipeVersion, counts: Counts, reason: str) -> dict[str, Any]:
    """What the event of a signature keeps."""
    return {
        "version": version.version,
        "recipe": version.recipe.content_hash,
        **asdict(counts),
        "standing": counts.standing.value,
        "reason": reason,
    }


def proof_of_version(transaction: Transaction, version: RecipeVersion) -> SignedProof:
    """What is known of a recipe version: its newest golden check, else what stood at its signature.

    A version that no bad part was ever held against was never shown one, or has yet to judge those of the golden set.
    """
    name = version.recipe.product
    product_id = transaction.products.product_id(name)
    signed = _signed(transaction, version)
    newest = next(
        (one for one in transaction.golden.checks(product_id, 5) if one.recipe_version == version.version), None
    )
    if newest is not None and (signed is None or newest.checked_at > signed[1]):
        checked = _of_check(newest)
        if checked is not None:
            return SignedProof(version.version, checked, signed[0].reason if signed else "")
    if signed is not None:
        return signed[0]
    bad = _bad(transaction.golden.parts(product_id))
    standing = Standing.NOT_JUDGED if bad else Standing.NEVER_SHOWN
    return SignedProof(version.version, Counts(standing, good=len(version.recipe.references), bad=bad))


def _signed(transaction: Transaction, version: RecipeVersion) -> tuple[SignedProof, Any] | None:
    for event in transaction.events.about(EventKind.RECIPE_PROVEN, version.recipe.product):
        detail = json.loads(event.detail)
        if detail["recipe"] == version.recipe.content_hash:
            numbers = {key: detail[key] for key in ("good", "bad", "missed", "doubtful", "most_missed")}
            counts = Counts(Standing(detail["standing"]), **numbers)
            return SignedProof(version.version, counts, detail["reason"]), event.at
    return None


def _of_check(check: GoldenCheck) -> Counts | None:
    """The counts of a golden check; None where it held no bad part."""
    answers = check.checked.answers
    bad = [answer for answer in answers if answer.part.expected is Verdict.NG]
    good = [answer for answer in answers if answer.part.expected is Verdict.OK]
    if not bad:
        return None
    missed = sum(answer.verdict not in {Verdict.NG, Verdict.REVIEW} for answer in bad)
    doubtful = sum(answer.verdict is not Verdict.OK for answer in good)
    apart = min(answer.image_score or 0.0 for answer in bad) > max((a.image_score or 0.0 for a in good), default=0.0)
    told = Standing.TELLS if apart and 2 * doubtful <= len(good) else Standing.BLURRED
    standing = Standing.MISSES if missed else told
    return Counts(standing, len(good), len(bad), missed, doubtful, most_missed(missed, len(bad)))


def _bad(parts: Iterable[GoldenPart]) -> int:
    return sum(part.expected is Verdict.NG for part in parts)


def _kept(part: JudgedPart) -> tuple[str, str, float]:
    return part.image_hash, part.name, part.score


def _parts(kept: Iterable[tuple[str, str, float]]) -> list[JudgedPart]:
    return [JudgedPart(image_hash, name, score) for image_hash, name, score in kept]


def _with_unseen(proof: Proof, missed_unseen: int) -> Proof:
    count = max(missed_unseen, len(proof.missed))
    bound = most_missed(count, len(proof.bad)) if proof.bad else None
    return replace(proof, missed_unseen=count, most_missed=bound)
