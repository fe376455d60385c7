"""Whether it lives, whether it is ready, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.gate import Reading, TheHouse, TheService, service_of
from service.metrics import CONTENT_TYPE
from service.problems import Described
from service.shapes import Health

router = APIRouter(tags=["health"])
_NOT_READY: Described = {503: {"description": "Not ready, as `reasons` say.", "model": Health}}

_TEXT: Described = {200: {"description": "Prometheus' text.", "content": {"text/plain": {}}}}


@router.get("/health", summary="Live and ready, with reasons", responses=_NOT_READY)
def health(service: TheService, response: Response) -> Health:
    """Ready while every line that is to run would give a verdict: 200, else 503. Asks for no token."""
    reasons = service.problems()
    ready = not reasons and not service.ending.is_set()
    response.status_code = 200 if ready else 503
    response.headers["Cache-Control"] = "no-store"
    return Health(live=True, ready=ready, reasons=reasons)


@router.get("/health/ready", summary="Ready, with reasons", responses=_NOT_READY)
def is_ready(service: TheService, response: Response) -> Health:
    """As `/health`."""
    return health(service, response)


@router.get("/health/live", summary="Live")
async def is_live(request: Request) -> Health:
    """Answered for as long as the service lives, whatever its lines do: restart it where this fails."""
    # On the loop, since every thread may wait for a line's answer.
    service = service_of(request)
    return Health(live=True, ready=not service.ending.is_set(), reasons={})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=_TEXT,
)
def metrics(house: TheHouse, _: Reading) -> Response:
    """Asks for a token with the scope `read`: the figures say what a plant makes."""
    return Response(house.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
