from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings

from filo_core.errors import SourceError
from filo_core.line.triggers.http import MOST_BYTES, HttpTrigger
from tools.hostile_bytes import http_bytes


@pytest.fixture
def server(desk: Any, run: Callable[..., None]) -> HttpTrigger:
    made = HttpTrigger(desk)
    run(made)
    return made


@pytest.fixture
def hasty(desk: Any, run: Callable[..., None]) -> HttpTrigger:
    """Ends every connection after two seconds, those of a busy machine's tests included."""
    made = HttpTrigger(desk, longest_s=2.0)
    run(made)
    return made


def post(server: HttpTrigger, content: bytes, **headers: str) -> httpx2.Response:
    with httpx2.Client(trust_env=False, timeout=10) as client:
        return client.post(f"http://127.0.0.1:{server.port}/trigger", content=content, headers=headers)


def raw(server: HttpTrigger, sent: bytes) -> bytes:
    """What comes back for bytes as they are, until the server closes."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except ConnectionError:
            pass
    return got


def test_a_trigger_is_answered_with_its_verdict(server: HttpTrigger, desk: Any) -> None:
    answer = post(server, b'{"id": "part-7"}')
    assert answer.status_code == 200
    assert (answer.json()["trigger_id"], answer.json()["verdict"]) == ("http-part-7", "OK")
    assert len(desk.asked) == 1


def test_a_line_that_does_not_answer_reads_as_ng(hasty: HttpTrigger, desk: Any) -> None:
    desk.answers = False
    got = raw(hasty, b'POST /trigger HTTP/1.1\r\nContent-Length: 11\r\n\r\n{"id": "a"}')
    assert b" 504 " in got
    assert b'"reads_as": "NG"' in got


def test_the_state_tells_whether_the_line_lives(server: HttpTrigger) -> None:
    with httpx2.Client(trust_env=False) as client:
        state = client.get(f"http://127.0.0.1:{server.port}/state").json()
    assert state == {"ready": True, "busy": False, "heartbeat": 7, "problem": ""}


@pytest.mark.parametrize(
    "content",
    [b"", b"no json", b"[]", b'{"id": 7}', b'{"id": ""}', b'{"id": "../etc"}', b"[" * 4000, b'{"id": "\xff"}'],
)
def test_a_body_that_is_no_trigger_is_refused_and_asks_for_nothing(
    server: HttpTrigger, desk: Any, content: bytes
) -> None:
    assert post(server, content).status_code == 400
    assert desk.asked == []


def test_a_body_too_long_is_refused_unread(server: HttpTrigger, desk: Any) -> None:
    head = f"POST /trigger HTTP/1.1\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
    assert b" 413 " in raw(server, head.encode())
    assert desk.asked == []


def test_a_token_is_asked_for_where_one_is_set(desk: Any, run: Callable[..., None]) -> None:
    server = HttpTrigger(desk, token="geheim")
    run(server)
    assert post(server, b'{"id": "a"}').status_code == 401
    assert post(server, b'{"id": "a"}', Authorization="Bearer falsch").status_code == 401
    assert desk.asked == []
    assert post(server, b'{"id": "a"}', Authorization="Bearer geheim").status_code == 200


def test_the_network_reaches_it_only_with_a_token(desk: Any) -> None:
    with pytest.raises(SourceError, match="FILO_LINE_TOKEN"):
        HttpTrigger(desk, "0.0.0.0")


def test_a_port_that_is_taken_is_said_in_a_sentence(server: HttpTrigger, desk: Any) -> None:
    with pytest.raises(SourceError, match=f"Port {server.port}"):
        HttpTrigger(desk, port=server.port)


def test_clients_that_only_hold_the_line_are_hung_up_on_and_others_are_served(hasty: HttpTrigger) -> None:
    idle = [socket.create_connection(("127.0.0.1", hasty.port), timeout=10) for _ in range(40)]
    for connection in idle:
        # Every one of them is closed by the server: at once, or after the longest life of a connection.
        try:
            assert connection.recv(1) == b""
        except ConnectionError:
            continue
        finally:
            connection.close()
    assert post(hasty, b'{"id": "a"}').status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(http_bytes())
def test_whatever_bytes_come_the_server_answers_the_next_one(server: HttpTrigger, sent: bytes) -> None:
    raw(server, sent)
    assert post(server, b'{"id": "after"}').status_code == 200
