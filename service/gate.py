"""Who is let in: a token with the scope that a call asks for, within its rate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from filo_core.line.triggers.token import WrongTokens
from service.limits import RateLimit
from service.problems import ProblemError
from workflows.serving.service import Service
from workflows.serving.tokens import Scope, ServiceToken

if TYPE_CHECKING:
    from service.metrics import ServiceMetrics

MOST_AT_ONCE = 8
"""Pictures that are read at a time: each may take its whole size of memory."""
LONGEST_BODY_S = 30.0
_BEARER = HTTPBearer(auto_error=False, description="A token of `main.py service token make`.")


@dataclass(slots=True)
class House:
    """What every call finds: the service, and how much may be asked of it."""

    service: Service
    rate: RateLimit
    metrics: ServiceMetrics
    most_picture_bytes: int
    wrong: WrongTokens = field(default_factory=WrongTokens)
    streams: int = 0
    """Open streams of events."""
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """While a picture is read: a few at a time, each for so long.

        Raises:
            TimeoutError: if it took longer.
        """
        async with self.places, asyncio.timeout(LONGEST_BODY_S):
            yield


def house_of(request: Request) -> House:
    """The house of the application that was asked."""
    house: House = request.app.state.house
    return house


def service_of(request: Request) -> Service:
    """The service that was asked."""
    return house_of(request).service


def needs(scope: Scope) -> Callable[..., Awaitable[ServiceToken]]:
    """A dependency: the caller's token, if it has the scope.

    Args:
        scope: that the call asks for.
    """

    async def gate(request: Request, _: Annotated[object, Depends(_BEARER)]) -> ServiceToken:
        house = house_of(request)
        given = request.headers.get("authorization", "")
        token = await run_in_threadpool(house.service.tokens.whose, given)
        if token is None:
            if given:
                address = request.client.host if request.client else ""
                await asyncio.sleep(house.wrong.note(address))
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "The token is missing or wrong.", {"WWW-Authenticate": "Bearer"}
            )
        if wait_s := house.rate.take(token.name):
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"This token asks too often. Wait {wait_s} s, then ask again.",
                {"Retry-After": str(wait_s)},
            )
        if scope not in token.scopes:
            raise ProblemError(HTTPStatus.FORBIDDEN, f"This token is not for that: it needs the scope {scope.value}.")
        return token

    return gate


Reading = Annotated[ServiceToken, Depends(needs(Scope.READ))]
Inspecting = Annotated[ServiceToken, Depends(needs(Scope.INSPECT))]
Operating = Annotated[ServiceToken, Depends(needs(Scope.OPERATE))]
TheHouse = Annotated[House, Depends(house_of)]
TheService = Annotated[Service, Depends(service_of)]
