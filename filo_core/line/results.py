"""What leaves the line for one trigger: its verdict in the words a PLC, a broker or a file can keep."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from filo_core.identity import FIELDS, NOBODY, Identity, SeenBefore
from filo_core.naming.part_types import part_broad, part_called
from filo_core.types import (
    TOP_SHARES,
    Box,
    Inspection,
    LocatedBox,
    Origin,
    Position,
    TextReasons,
    TypeShare,
    Verdict,
    ViewInspection,
)

MOST_BOXES = 10
"""Of a localizer that go out with an answer."""
_LATER = ("type_share", "types", "broad", "reasons", "views", "seen_before")


@dataclass(frozen=True, slots=True)
class ViewResult:
    """What one view of a part came to, by its own limits."""

    view: str
    verdict: Verdict
    score: float | None = None
    """On the view's own scale, in [0, 1]; None when NOT_INSPECTED."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LineResult:
    """The one answer to a trigger. ``anomaly_type`` and ``position`` are those of the highest scoring region.

    Without a region a refused part has the type of the whole picture, or an unknown one.
    """

    trigger_id: str
    product: str
    recipe_hash: str
    verdict: Verdict
    decided_at: datetime
    """UTC."""
    anomaly_type: str = ""
    position: str = ""
    count: int = 0
    """Regions found."""
    score: float | None = None
    """Image score in [0, 1]; None when NOT_INSPECTED."""
    latency_ms: float | None = None
    """From the trigger to the verdict."""
    frame_age_ms: float | None = None
    """From the capture of the picture to the verdict; None without a picture."""
    reason: str = ""
    """Why it is NOT_INSPECTED, as a sentence; empty otherwise."""
    file: str = ""
    """What the file is called that was judged, below the watched folder; in continuous Live what the picture is called,
    otherwise empty for a camera's."""
    type_share: float | None = None
    """How probable that type is among those compared and none of these, in [0, 1]; None where it is unknown."""
    types: tuple[TypeShare, ...] = ()
    """The best types of the whole picture with their shares, three at most."""
    broad: TypeShare | None = None
    """Broad kind of a part whose type is unknown, where that much is clear."""
    reasons: TextReasons | None = None
    """What the text side went by: its best :data:`MOST_BOXES` boxes, the positions that all of them chose, what was
    filtered; None without one."""
    views: tuple[ViewResult, ...] = ()
    """Of a part with several views, each of them; the answer above is the one for the part."""
    identity: Identity = NOBODY
    """Which part it was; its fields stand beside the others in JSON."""
    seen_before: SeenBefore | None = None
    """Where the serial is in the record already."""

    @property
    def passes(self) -> bool:
        """True for OK alone: REVIEW, NG and a missing answer all read as NG outside."""
        return self.verdict is Verdict.OK

    def to_json(self) -> str:
        """One line of JSON."""
        content: dict[str, Any] = asdict(self) | {
            "verdict": self.verdict.value,
            "reads_as": "OK" if self.passes else "NG",
            "decided_at": self.decided_at.isoformat(),
        }
        del content["identity"]
        content |= self.identity.said
        if self.seen_before is not None:
            content["seen_before"]["at"] = self.seen_before.at.isoformat()
        # An answer without them reads as an older program wrote it, and so does its digest.
        for name in _LATER:
            if not content[name]:
                del content[name]
        return json.dumps(content, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> LineResult:
        """The result that :meth:`to_json` wrote."""
        content = json.loads(text)
        del content["reads_as"]
        content["verdict"] = Verdict(content["verdict"])
        content["decided_at"] = datetime.fromisoformat(content["decided_at"])
        content["types"] = tuple(TypeShare(**one) for one in content.get("types", ()))
        if broad := content.get("broad"):
            content["broad"] = TypeShare(**broad)
        content["views"] = tuple(
            ViewResult(**one | {"verdict": Verdict(one["verdict"])}) for one in content.get("views", ())
        )
        if content.get("reasons"):
            content["reasons"] = _reasons_of(content["reasons"])
        if seen := content.get("seen_before"):
            content["seen_before"] = SeenBefore(**seen | {"at": datetime.fromisoformat(seen["at"])})
        content["identity"] = Identity(**{name: content.pop(name) for name in FIELDS if name in content})
        return cls(**content)


def result_of(inspection: Inspection, trigger_id: str, product: str, latency_ms: float, file: str = "") -> LineResult:
    """The answer that an inspection gives to its trigger; ``file`` names what brought the picture."""
    prediction = inspection.prediction
    regions = prediction.regions if prediction is not None else ()
    worst = max(regions, key=lambda region: region.score, default=None)
    image_types = prediction.anomaly_types if prediction is not None else ()
    name, share = part_called(inspection.verdict, regions, image_types)
    return LineResult(
        trigger_id=trigger_id,
        product=product,
        recipe_hash=inspection.recipe_hash,
        verdict=inspection.verdict,
        decided_at=inspection.inspected_at,
        anomaly_type=name,
        position=worst.position.value if worst is not None else "",
        count=len(regions),
        score=prediction.image_score if prediction is not None else None,
        latency_ms=latency_ms,
        frame_age_ms=inspection.frame_age_ms,
        reason=inspection.reason,
        file=file,
        type_share=round(share, 4) or None,
        types=tuple(TypeShare(one.name, round(one.share, 4)) for one in image_types[:TOP_SHARES]),
        broad=replace(broad, share=round(broad.share, 4)) if (broad := part_broad(regions)) is not None else None,
        reasons=_shortened(prediction.reasons) if prediction is not None else None,
        views=tuple(_view_result(view) for view in inspection.views),
        identity=inspection.identity,
        seen_before=inspection.seen_before,
    )


def _view_result(view: ViewInspection) -> ViewResult:
    own = view.inspection
    score = own.prediction.image_score if own.prediction is not None else None
    return ViewResult(view.name, own.verdict, score, own.reason)


def _shortened(reasons: TextReasons | None) -> TextReasons | None:
    """With as many boxes as an answer has room for."""
    return None if reasons is None else replace(reasons, boxes=reasons.boxes[:MOST_BOXES])


def _reasons_of(content: dict[str, Any]) -> TextReasons:
    boxes = (LocatedBox(Box(**one["box"]), one["score"], one["phrase"]) for one in content["boxes"])
    positions = (Position(word) for word in content["positions"])
    return TextReasons(tuple(boxes), tuple(positions), content["dropped"])


def not_inspected(
    trigger_id: str,
    product: str,
    recipe_hash: str,
    reason: str,
    latency_ms: float,
    *,
    file: str = "",
    decided_at: datetime | None = None,
    identity: Identity = NOBODY,
) -> LineResult:
    """The answer where there is none: it reads as NG outside. ``decided_at`` is now when not given."""
    return LineResult(
        trigger_id=trigger_id,
        product=product,
        recipe_hash=recipe_hash,
        verdict=Verdict.NOT_INSPECTED,
        decided_at=decided_at or datetime.now(UTC),
        latency_ms=latency_ms,
        reason=reason,
        file=file,
        identity=identity,
    )


def inspection_of(result: LineResult) -> Inspection:
    """What the record keeps of an answer that has no picture behind it."""
    return Inspection(
        name=result.file or result.trigger_id,
        image_hash="",
        recipe_hash=result.recipe_hash,
        verdict=Verdict.NOT_INSPECTED,
        origin=Origin.LIVE,
        inspected_at=result.decided_at,
        seconds=(result.latency_ms or 0.0) / 1000.0,
        reason=result.reason,
        identity=result.identity,
    )
