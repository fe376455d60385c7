"""What goes wrong as problem details (RFC 9457), never as a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from filo_core.errors import (
    FiloError,
    IdentityError,
    ProductError,
    RecipeError,
    StorageError,
    UnreadableImageError,
)
from filo_core.printable import without_controls
from workflows.serving.served_line import LineAwayError, NotAskedError, OtherPartError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
_LONGEST = 400

logger = logging.getLogger(__name__)


class ProblemShape(BaseModel):
    """ProblemShape details (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, and what to do, as a sentence.")


class ProblemError(Exception):
    """An answer that is a problem.

    Args:
        status: of HTTP.
        detail: a sentence.
        headers: beside it.
    """

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


Described = dict[int | str, dict[str, Any]]
"""What an operation may answer with, by status."""


def problem_responses(*statuses: int) -> Described:
    """For the description of an operation: it may answer with these."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> JSONResponse:
    """The answer."""
    known = HTTPStatus(status)
    content = {
        "type": "about:blank",
        "title": known.phrase,
        "status": known.value,
        "detail": without_controls(detail)[:_LONGEST],
    } | more
    return JSONResponse(content, known.value, dict(headers or {}), MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Have every error of the application answered so."""

    async def known(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem(error.status, error.detail, error.headers)

    async def of_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, f"{error.detail}.".replace("..", "."), error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = [
            {"where": "/".join(str(part)[:40] for part in one["loc"]), "what": str(one["msg"])[:200]}
            for one in error.errors()[:20]
        ]
        first = f"{found[0]['where']}: {found[0]['what']}" if found else "The request is not what it should be"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{first}.", errors=found)

    async def of_program(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, FiloError)
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("%s %s: %s", request.method, request.url.path, error)
        headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        return problem(status, str(error), headers)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed over this request. Its log says how.")

    app.add_exception_handler(ProblemError, known)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(FiloError, of_program)
    app.add_exception_handler(Exception, unexpected)


def status_of(error: FiloError) -> HTTPStatus:
    """What a sentence of the program is as a status: whose fault it is."""
    match error:
        case IdentityError() | UnreadableImageError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case LineAwayError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case NotAskedError() | OtherPartError() | RecipeError():
            return HTTPStatus.CONFLICT
        case ProductError():
            return HTTPStatus.NOT_FOUND
        case StorageError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.CONFLICT
