"""The application: every route, who may call it, and how it answers."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI

from filo_core.imaging import MAX_FILE_BYTES
from service import events, health, inspections, lines, products
from service.gate import House
from service.limits import USUAL_RATE, BodyLimit, RateLimit
from service.metrics import ServiceMetrics
from service.problems import ProblemShape, add_handlers, problem_responses

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from workflows.serving.service import Service

PREFIX = "/api/v1"
USUAL_PICTURE_BYTES = min(64 << 20, MAX_FILE_BYTES)
_DESCRIPTION = (
    "Products, lines and verdicts of one station. Every call shows a token as `Authorization: Bearer`, made by "
    "`main.py service token make`. Errors are problem details (RFC 9457). Let a part go on only where `reads_as` is OK."
)


def make_app(
    service: Service, *, rate_per_s: float = USUAL_RATE, most_picture_bytes: int = USUAL_PICTURE_BYTES
) -> ASGIApp:
    """The application of an open service.

    Args:
        service: answers.
        rate_per_s: requests a second of one token, in the long run.
        most_picture_bytes: of a posted picture.
    """
    app = FastAPI(
        title="FiLo Inspector",
        version=_version(),
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from the network, which a plant may not have.
        docs_url=None,
        redoc_url=None,
    )
    metrics = ServiceMetrics(service)
    app.state.house = House(service, RateLimit(rate_per_s), metrics, most_picture_bytes)
    api = APIRouter(prefix=PREFIX, responses=problem_responses(400, 401, 403, 413, 422, 429, 503))
    for room in (products, lines, inspections, events):
        api.include_router(room.router)
    app.include_router(api)
    app.include_router(health.router, responses=problem_responses(401, 403, 429))
    add_handlers(app)
    _describe_problems(app)
    return _Counted(BodyLimit(app, _is_picture), metrics)


def _is_picture(method: str, path: str) -> bool:
    return method == "POST" and path.startswith(f"{PREFIX}/lines/") and path.endswith("/inspections")


def _describe_problems(app: FastAPI) -> None:
    """FastAPI describes its own kind of error, which is never answered here."""
    described = app.openapi()
    schemas: dict[str, Any] = described["components"]["schemas"]
    schemas["Problem"] = ProblemShape.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    app.openapi_schema = described


def _version() -> str:
    try:
        return version("filo-inspector")
    except PackageNotFoundError:
        return "0"


class _Counted:
    """Counts each answer by its route."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if scope["type"] == "http" and status:
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.count(method, route, status)


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
