"""Lines: how they are, started, stopped, given another product, and asked for a verdict."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request, status
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from filo_core.identifying import identity_of
from filo_core.imaging import decode_image
from service.gate import House, Inspecting, Operating, Reading, TheHouse, TheService
from service.problems import ProblemError, problem_responses
from service.shapes import AnswerShape, FieldText, LineName, Lines, LineShape, PartId, PartWish, PlainName, ProductWish

if TYPE_CHECKING:
    from filo_core.identity import Identity
    from workflows.serving.served_line import Asked
    from workflows.serving.tokens import ServiceToken

router = APIRouter(tags=["lines"])
_PICTURE = {
    "requestBody": {
        "required": True,
        "description": "The picture's file as it is: PNG, JPEG, BMP, TIFF, WebP and others; its content says which.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_Line = Annotated[LineName, Path(description="Name of the line.")]


@router.get("/lines", summary="All lines")
def list_lines(service: TheService, _: Reading) -> Lines:
    """Every line of the service's file, as it is now."""
    return Lines(lines=[LineShape.of(line.report()) for line in service.lines.values()])


@router.get("/lines/{line}", summary="One line", responses=problem_responses(404))
def one_line(line: _Line, service: TheService, _: Reading) -> LineShape:
    """How a line is now."""
    return LineShape.of(service.line(line).report())


@router.post(
    "/lines/{line}/start",
    summary="Start a line",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404),
)
def start_line(line: _Line, service: TheService, token: Operating) -> LineShape:
    """Have a line run, now and after a restart of the service; its `state` says when it does."""
    found = service.line(line)
    service.note_call(token, "start", f"line {line}")
    found.start()
    return LineShape.of(found.report())


@router.post(
    "/lines/{line}/stop", summary="Stop a line", status_code=status.HTTP_202_ACCEPTED, responses=problem_responses(404)
)
def stop_line(line: _Line, service: TheService, token: Operating) -> LineShape:
    """Have a line stand still, now and after a restart of the service; the part in hand is finished."""
    found = service.line(line)
    service.note_call(token, "stop", f"line {line}")
    found.stop()
    return LineShape.of(found.report())


@router.put(
    "/lines/{line}/product",
    summary="Change a line's product",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409),
)
def change_product(line: _Line, wish: ProductWish, service: TheService, token: Operating) -> LineShape:
    """Another product, or the same one under its newest recipe; a line that runs is begun anew with it."""
    found = service.line(line)
    # Refused first: the chain tells of what was done.
    service.catalogue.recipe(wish.product)
    service.note_call(token, "change product", f"line {line}", product=(found.product, wish.product))
    found.change_product(wish.product)
    return LineShape.of(found.report())


@router.post(
    "/lines/{line}/trigger",
    summary="Judge the part at the camera",
    responses=problem_responses(404, 409),
)
def trigger_line(line: _Line, wish: PartWish, service: TheService, token: Inspecting) -> AnswerShape:
    """Judge the part that lies at the line's camera now. The same id again is answered as before."""
    identity = identity_of(wish.model_dump(exclude={"id"}), service.settings.identity_fields)
    return AnswerShape.of(wish.id, line, service.line(line).ask(wish.id, token.name, None, identity))


@router.post(
    "/lines/{line}/inspections",
    summary="Post a picture and get its verdict",
    responses=problem_responses(404, 408, 409, 413),
    openapi_extra=_PICTURE,
)
async def post_picture(
    request: Request,
    line: _Line,
    house: TheHouse,
    token: Inspecting,
    part_id: Annotated[
        PartId | None, Query(alias="id", description="Yours: the same again is answered as before. Without one, new.")
    ] = None,
    name: Annotated[PlainName, Query(description="What the picture is called in the record.")] = "",
    serial: FieldText = "",
    lot: FieldText = "",
    order: FieldText = "",
    field_1: FieldText = "",
    field_2: FieldText = "",
    field_3: FieldText = "",
) -> AnswerShape:
    """Judge a picture by the recipe that the line runs with; the answer is in the record by then."""
    service = house.service
    found = service.line(line)
    said = {"serial": serial, "lot": lot, "order": order}
    said |= {"field_1": field_1, "field_2": field_2, "field_3": field_3}
    identity = identity_of(said, service.settings.identity_fields)
    part_id = part_id or uuid.uuid4().hex
    encoded = await _picture(request, house)
    asked = await run_in_threadpool(_asked, house, line, token, part_id, name, encoded, identity)
    return AnswerShape.of(part_id, found.name, asked)


def _asked(
    house: House, line: str, token: ServiceToken, part_id: str, name: str, encoded: bytes, identity: Identity
) -> Asked:
    # Elsewhere than on the loop: a picture takes its time to decode, and its part to be judged.
    picture = decode_image(encoded, name or f"api-{part_id}")
    return house.service.line(line).ask(part_id, token.name, picture, identity)


async def _picture(request: Request, house: House) -> bytes:
    """The body, read as far as it may go."""
    most = house.most_picture_bytes
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {most >> 20} MB of a picture are read. Send a smaller one."
    )
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        raise too_large
    pieces, read = [], 0
    try:
        async with house.reading():
            async for piece in request.stream():
                read += len(piece)
                if read > most:
                    raise too_large
                pieces.append(piece)
    except TimeoutError:
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, "The picture did not come to its end in time.") from None
    except ClientDisconnect:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The picture was cut off.") from None
    if not read:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "No picture was sent. Send its file as the body.")
    return b"".join(pieces)
