"""What a watchdog hears of the service while it is busy, and a client of one that is away."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import anyio.to_thread
import httpx2 as httpx
from fastapi import FastAPI

from filo_client import Client
from service import health


def test_it_is_live_while_every_thread_waits_for_a_line() -> None:
    app = FastAPI()
    app.include_router(health.router)
    app.state.house = SimpleNamespace(service=SimpleNamespace(ending=threading.Event()))

    async def asked() -> int:
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = 1
        transport = httpx.ASGITransport(app)
        async with threads, httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return (await asyncio.wait_for(client.get("/health/live"), 10)).status_code

    assert asyncio.run(asked()) == 200


def test_a_service_that_is_away_is_not_ready() -> None:
    with Client("http://127.0.0.1:9", "none") as client:
        assert client.is_ready() is False
