"""Live events: what the record takes in, and how lines change, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from filo_core.errors import StorageError
from filo_core.types import InspectionFilter, Verdict
from service.gate import House, Reading, TheHouse
from service.problems import Described, ProblemError
from service.shapes import InspectionShape, LineName, LineShape, PlainName
from workflows.serving.served_line import LineReport, ServedState

if TYPE_CHECKING:
    from workflows.serving.tokens import ServiceToken

router = APIRouter(tags=["events"])
MOST_STREAMS = 16
_LOOK_EVERY_S = 0.25
_AT_ONCE = 100
_ALIVE_EVERY_S = 10.0

_EVENTS: Described = {200: {"description": "Events `inspection` and `line`.", "content": {"text/event-stream": {}}}}


class EventStream(StreamingResponse):
    """Says of itself what it is."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    summary="Live events",
    response_class=EventStream,
    responses=_EVENTS,
)
async def events(
    request: Request,
    house: TheHouse,
    token: Reading,
    product: PlainName = "",
    line: LineName | None = None,
    verdict: Annotated[list[Verdict] | None, Query()] = None,
    last_event_id: Annotated[
        str | None, Header(pattern="^[0-9]{0,18}$", description="Go on after this inspection; now when not given.")
    ] = None,
) -> EventStream:
    """Each verdict once it is in the record (`inspection`), and each change of a line (`line`).

    The id of an event `inspection` is that of its inspection.
    A reader that was cut off goes on where it was by `Last-Event-ID`. The stream ends when its token is revoked.
    """
    if house.streams >= MOST_STREAMS:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "Too many streams are open. End one.", {"Retry-After": "5"})
    wanted = InspectionFilter(product=product, verdicts=frozenset(verdict or ()), station=line or "")
    after = int(last_event_id) if last_event_id else await run_in_threadpool(_newest, house)
    return EventStream(_stream(request, house, token, wanted, after), headers={"Cache-Control": "no-store"})


async def _stream(
    request: Request, house: House, token: ServiceToken, wanted: InspectionFilter, after: int
) -> AsyncIterator[str]:
    house.streams += 1
    said: dict[str, tuple[ServedState, bool, str, str]] = {}
    spoke_at = time.monotonic()
    try:
        yield "retry: 2000\n\n"
        while not house.service.ending.is_set() and not await request.is_disconnected():
            try:
                if not await run_in_threadpool(house.service.tokens.is_good, token):
                    yield 'event: end\ndata: {"why": "The token was revoked."}\n\n'
                    return
                found = await run_in_threadpool(house.service.history.following, wanted, after, _AT_ONCE)
                reports = await run_in_threadpool(_reports, house, wanted.station)
            except StorageError:
                # Whoever cannot be asked about is not let read on: the reader comes back by itself.
                return
            for record in found:
                after = record.inspection_id
                yield f"event: inspection\nid: {after}\ndata: {InspectionShape.of(record).model_dump_json()}\n\n"
            for report in reports:
                now = report.state, report.is_ready, report.product, report.problem
                if said.get(report.name) != now:
                    said[report.name] = now
                    yield f"event: line\ndata: {LineShape.of(report).model_dump_json()}\n\n"
                    spoke_at = time.monotonic()
            if found:
                spoke_at = time.monotonic()
            elif time.monotonic() - spoke_at > _ALIVE_EVERY_S:
                spoke_at = time.monotonic()
                yield ": alive\n\n"
            if len(found) < _AT_ONCE:
                await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        house.streams -= 1


def _newest(house: House) -> int:
    newest = house.service.history.page(InspectionFilter(), None, 1)
    return newest[0].inspection_id if newest else 0


def _reports(house: House, only: str) -> list[LineReport]:
    return [line.report() for name, line in house.service.lines.items() if not only or name == only]
