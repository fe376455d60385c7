"""What the API says, as types; its description (OpenAPI) follows from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from filo_core.identity import LONGEST_FIELD, Identity, SeenBefore
from filo_core.scripts import unseen_sign
from filo_core.types import InspectionRecord, Region, Verdict, ViewRecord
from storage.columns import LONGEST_NAME
from workflows.serving.served_line import Asked, LineReport, ServedState
from workflows.serving.service_file import LINE_NAME

MOST_ROWS = 200
LARGEST_ID = (1 << 63) - 1


def _seen(text: str) -> str:
    if unseen_sign(text):
        raise ValueError("holds a sign that cannot be seen")
    return text


def _in_reach(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is a moment that no clock shows") from error


PlainName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_seen)]
FieldText = Annotated[str, Field(max_length=LONGEST_FIELD)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]
LineName = Annotated[str, Field(pattern=f"^{LINE_NAME}$", max_length=40)]
PartId = Annotated[str, Field(pattern="^[A-Za-z0-9._:-]{1,80}$")]
InspectionId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class ProductShape(BaseModel):
    """A product."""

    name: str
    class_name: str
    recipe_version: int | None = Field(description="Of the recipe in force; null where nothing was signed off.")
    signed_at: datetime | None = None
    signed_by: str = ""
    anomaly_types: list[str] = []
    views: list[str] = []


class Products(BaseModel):
    """All products."""

    products: list[ProductShape]


class LineShape(BaseModel):
    """A line, as it is now."""

    name: str
    state: ServedState
    product: str
    recipe_version: int | None = Field(description="That it judges by; null while it does not run.")
    ready: bool = Field(description="Whether a part would get its verdict now.")
    problem: str = Field(description="What is wrong, as a sentence; empty when all is well.")
    camera: str = Field(description="`opening`, `running`, `lost` or `stopped`; empty without one.")
    triggers: int
    answers: int
    waiting: dict[str, int] = Field(description="Messages that have yet to be delivered, by output.")
    oldest_waiting_s: float
    model_restarts: int

    @classmethod
    def of(cls, report: LineReport) -> LineShape:
        """From a report."""
        return cls(
            name=report.name,
            state=report.state,
            product=report.product,
            recipe_version=report.recipe_version,
            ready=report.is_ready,
            problem=report.problem,
            camera=report.camera,
            triggers=report.triggers,
            answers=report.answers,
            waiting=report.waiting,
            oldest_waiting_s=round(report.oldest_waiting_s, 3),
            model_restarts=report.model_restarts,
        )


class Lines(BaseModel):
    """All lines."""

    lines: list[LineShape]


class ProductWish(BaseModel):
    """Which product a line is to inspect."""

    product: Annotated[PlainName, Field(min_length=1)]


class IdentityShape(BaseModel):
    """Which part it was; an empty field was not said."""

    serial: str = ""
    lot: str = ""
    order: str = ""
    field_1: str = ""
    field_2: str = ""
    field_3: str = ""

    @classmethod
    def of(cls, identity: Identity) -> IdentityShape:
        """From what the record keeps."""
        return cls(**identity.said)


class SeenShape(BaseModel):
    """A serial that the product's record had already."""

    times: int
    verdict: str
    at: datetime
    inspection_id: int

    @classmethod
    def of(cls, seen: SeenBefore | None) -> SeenShape | None:
        """From what the record found; None where the serial is new."""
        if seen is None:
            return None
        return cls(times=seen.times, verdict=seen.verdict, at=seen.at, inspection_id=seen.inspection_id)


class FoundShape(BaseModel):
    """A region; pixels of the picture, from its top left corner."""

    x: int
    y: int
    width: int
    height: int
    score: float
    anomaly_type: str = Field(description="Empty for an unknown one.")
    position: str

    @classmethod
    def of(cls, region: Region) -> FoundShape:
        """From the record."""
        box = region.box
        return cls(
            x=box.x,
            y=box.y,
            width=box.width,
            height=box.height,
            score=region.score,
            anomaly_type=region.anomaly_type,
            position=region.position.value,
        )


class ViewShape(BaseModel):
    """One view of a part with several."""

    name: str
    verdict: Verdict
    score: float | None
    reason: str

    @classmethod
    def of(cls, view: ViewRecord) -> ViewShape:
        """From the record."""
        return cls(name=view.name, verdict=view.verdict, score=view.image_score, reason=view.reason)


class InspectionShape(BaseModel):
    """One inspection of the record."""

    id: int
    product: str
    recipe_version: int
    recipe_hash: str
    name: str
    verdict: Verdict = Field(description="The system's.")
    counts_as: Verdict = Field(description="The newest decision of a person, or the system's verdict.")
    reason: str
    score: float | None
    limit_ok: float
    limit_ng: float
    inspected_at: datetime
    seconds: float
    image_hash: str
    has_picture: bool
    has_heat_map: bool
    identity: IdentityShape
    regions: list[FoundShape]
    views: list[ViewShape]

    @classmethod
    def of(cls, record: InspectionRecord) -> InspectionShape:
        """From the record."""
        return cls(
            id=record.inspection_id,
            product=record.product,
            recipe_version=record.recipe_version,
            recipe_hash=record.recipe_hash,
            name=record.name,
            verdict=record.verdict,
            counts_as=record.final_verdict,
            reason=record.reason,
            score=record.image_score,
            limit_ok=record.limits.ok,
            limit_ng=record.limits.ng,
            inspected_at=record.inspected_at,
            seconds=record.seconds,
            image_hash=record.image_hash,
            has_picture=bool(record.image_hash),
            has_heat_map=bool(record.map_hash),
            identity=IdentityShape.of(record.identity),
            regions=[FoundShape.of(region) for region in record.regions],
            views=[ViewShape.of(view) for view in record.views],
        )


class Inspections(BaseModel):
    """A page of inspections, the newest first."""

    inspections: list[InspectionShape]
    next_cursor: int | None = Field(description="Asks for the page after this one; null on the last.")


class PartWish(BaseModel):
    """Which part lies at the camera of a line."""

    id: PartId
    serial: FieldText = ""
    lot: FieldText = ""
    order: FieldText = ""
    field_1: FieldText = ""
    field_2: FieldText = ""
    field_3: FieldText = ""


class AnswerShape(BaseModel):
    """The one answer for a part. Let it go on only where `reads_as` is OK."""

    id: str
    line: str
    product: str
    verdict: Verdict
    reads_as: Annotated[str, Field(pattern="^(OK|NG)$")]
    reason: str
    score: float | None
    anomaly_type: str
    position: str
    regions: int
    decided_at: datetime
    latency_ms: float | None
    identity: IdentityShape
    seen_before: SeenShape | None
    repeated: bool = Field(description="Whether this id was answered before: this is that answer.")
    inspection_id: int | None = Field(description="In the record; null where it could not be kept yet.")

    @classmethod
    def of(cls, part_id: str, line: str, asked: Asked) -> AnswerShape:
        """From what a line said."""
        result = asked.result
        return cls(
            id=part_id,
            line=line,
            product=result.product,
            verdict=result.verdict,
            reads_as=asked.reads_as,
            reason=result.reason,
            score=result.score,
            anomaly_type=result.anomaly_type,
            position=result.position,
            regions=result.count,
            decided_at=result.decided_at,
            latency_ms=result.latency_ms,
            identity=IdentityShape.of(result.identity),
            seen_before=SeenShape.of(result.seen_before),
            repeated=asked.is_repeat,
            inspection_id=asked.inspection_id,
        )


class Health(BaseModel):
    """How the service is."""

    live: bool
    ready: bool = Field(description="Whether every line that is to run would give a verdict now.")
    reasons: dict[str, str] = Field(description="What is wrong, by where.")
