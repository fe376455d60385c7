"""The record, looked at: verdicts by filter, and the pictures behind one."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Response
from PIL import Image

from filo_core.errors import StorageError
from filo_core.identifying import identity_of
from filo_core.rendering import render_heat_map
from filo_core.types import InspectionFilter, Verdict
from service.gate import Reading, TheService
from service.problems import Described, ProblemError, problem_responses
from service.shapes import (
    LARGEST_ID,
    MOST_ROWS,
    FieldText,
    InspectionId,
    Inspections,
    InspectionShape,
    LineName,
    Moment,
    PlainName,
)

if TYPE_CHECKING:
    from filo_core.types import InspectionRecord
    from workflows.serving.service import Service

router = APIRouter(tags=["inspections"])
_KINDS = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"BM", "image/bmp"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"RIFF", "image/webp"),
)
_OTHER = "application/octet-stream"
_PICTURES: dict[str, Any] = {kind: {} for kind in (*dict.fromkeys(kind for _, kind in _KINDS), _OTHER)}
_A_PICTURE: Described = {200: {"description": "The file as it came.", "content": _PICTURES}}
_A_PNG: Described = {200: {"description": "A PNG.", "content": {"image/png": {}}}}
_Id = Annotated[InspectionId, Path(description="As a page, an answer or an event gave it.")]


@router.get("/inspections", summary="Verdicts, the newest first")
def list_inspections(
    service: TheService,
    _: Reading,
    product: PlainName = "",
    verdict: Annotated[list[Verdict] | None, Query(description="The system's; several are any of them.")] = None,
    counts_as: Annotated[list[Verdict] | None, Query(description="What counts now, decisions included.")] = None,
    line: Annotated[LineName | None, Query(description="Judged on this line of a service.")] = None,
    serial: FieldText = "",
    lot: FieldText = "",
    order: FieldText = "",
    field_1: FieldText = "",
    field_2: FieldText = "",
    field_3: FieldText = "",
    since: Annotated[Moment | None, Query(description="From this moment on, with its time zone.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    cursor: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
) -> Inspections:
    """A page costs the same however long the record is. A filter that is left out does not restrict."""
    said = {"serial": serial, "lot": lot, "order": order}
    said |= {"field_1": field_1, "field_2": field_2, "field_3": field_3}
    wanted = InspectionFilter(
        product=product,
        verdicts=frozenset(verdict or ()),
        final=frozenset(counts_as or ()),
        station=line or "",
        since=since,
        until=until,
        identity=identity_of(said, service.settings.identity_fields),
    )
    # One more than is shown says whether there is another page.
    found = service.history.page(wanted, cursor, limit + 1)
    shown = found[:limit]
    more = shown[-1].inspection_id if len(found) > limit else None
    return Inspections(inspections=[InspectionShape.of(record) for record in shown], next_cursor=more)


@router.get("/inspections/{id}", summary="One inspection", responses=problem_responses(404))
def one_inspection(id: _Id, service: TheService, _: Reading) -> InspectionShape:  # noqa: A002 its name in the address
    """One inspection with its regions and views."""
    return InspectionShape.of(_record(service, id))


@router.get(
    "/inspections/{id}/picture",
    summary="The picture that was judged",
    response_class=Response,
    responses=_A_PICTURE | problem_responses(404),
)
def picture(id: _Id, service: TheService, _: Reading) -> Response:  # noqa: A002
    """The file as it came, byte for byte; of a part with several views that of the view that decided."""
    record = _record(service, id)
    encoded = _encoded(service, record)
    kind = next((kind for start, kind in _KINDS if encoded.startswith(start)), _OTHER)
    return Response(encoded, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get(
    "/inspections/{id}/heatmap",
    summary="The heat map over the picture",
    response_class=Response,
    responses=_A_PNG | problem_responses(404),
)
def heat_map(
    id: _Id,  # noqa: A002
    service: TheService,
    _: Reading,
    opacity: Annotated[float, Query(ge=0.0, le=1.0, description="Of the map where it is at its strongest.")] = 0.6,
) -> Response:
    """The picture with its anomaly map over it, on the scale of the recipe that judged it."""
    record = _record(service, id)
    _encoded(service, record)
    if not record.map_hash:
        raise ProblemError(HTTPStatus.NOT_FOUND, "This part was not judged, so there is no heat map.")
    try:
        pixels, anomaly_map = service.history.image(record).pixels, service.history.anomaly_map(record)
    except StorageError:
        raise ProblemError(HTTPStatus.NOT_FOUND, "The heat map is not kept any more.") from None
    encoded = io.BytesIO()
    drawn = render_heat_map(pixels, np.asarray(anomaly_map, np.float32), record.limits, opacity)
    Image.fromarray(drawn).save(encoded, "PNG", compress_level=1)
    return Response(encoded.getvalue(), media_type="image/png")


def _record(service: Service, number: int) -> InspectionRecord:
    found = service.history.several([number])
    if not found:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no inspection {number} in this record.")
    return found[0]


def _encoded(service: Service, record: InspectionRecord) -> bytes:
    if not record.image_hash:
        raise ProblemError(HTTPStatus.NOT_FOUND, "There is no picture of this part.")
    try:
        return service.history.encoded(record)
    except StorageError:
        raise ProblemError(HTTPStatus.NOT_FOUND, "The picture is not kept any more.") from None
