from __future__ import annotations

import ipaddress
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings

from filo_core.errors import SourceError
from filo_core.identity import Identity
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Seal
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.line.triggers.callers import Callers
from filo_core.line.triggers.http import Certificate, HttpTrigger
from filo_core.line.triggers.http_door import HEADERS_S
from filo_core.line.triggers.token import WrongTokens, new_token, token_problem
from filo_core.line.triggers.wish import MOST_BYTES
from filo_core.types import Verdict
from tools.hostile_bytes import http_bytes, http_request

TOKEN = new_token()
OTHER = new_token()
WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def server(desk: Any, run: Callable[..., None]) -> HttpTrigger:
    made = HttpTrigger(desk, token=f"{TOKEN}, {OTHER}")
    run(made)
    return made


@pytest.fixture
def hasty(desk: Any, run: Callable[..., None]) -> HttpTrigger:
    """Ends every connection after two seconds, those of a busy machine's tests included."""
    made = HttpTrigger(desk, token=TOKEN, longest_s=2.0)
    run(made)
    return made


def post(server: HttpTrigger, content: bytes, token: str = TOKEN, **headers: str) -> httpx2.Response:
    given_headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"} | headers
    with httpx2.Client(trust_env=False, timeout=20) as client:
        sent = {name: value for name, value in given_headers.items() if value}
        return client.post(f"http://127.0.0.1:{server.port}/trigger", content=content, headers=sent)


def raw(server: HttpTrigger, sent: bytes, address: str = "127.0.0.1") -> bytes:
    """What comes back for bytes as they are, until the server closes."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(address, 0)) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except ConnectionError:
            pass
    return got


def body_of(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def asked_raw(server: HttpTrigger, content: bytes, address: str, token: str = TOKEN) -> bytes:
    return raw(server, http_request(str(len(content)).encode(), content, token), address)


def test_a_trigger_is_answered_with_its_verdict(server: HttpTrigger, desk: Any) -> None:
    answer = post(server, b'{"id": "part-7"}')
    assert answer.status_code == 200
    assert (answer.json()["trigger_id"], answer.json()["verdict"]) == ("http-part-7", "OK")
    assert (answer.json()["repeated"], answer.json()["reads_as"]) == (False, "OK")
    assert len(desk.asked) == 1


def test_a_line_that_does_not_answer_reads_as_ng(hasty: HttpTrigger, desk: Any) -> None:
    desk.answers = False
    answer = post(hasty, b'{"id": "a"}')
    assert (answer.status_code, answer.json()["reads_as"]) == (504, "NG")


def test_the_state_tells_whether_the_line_lives(server: HttpTrigger) -> None:
    with httpx2.Client(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        state = client.get(f"http://127.0.0.1:{server.port}/state").json()
    told = {"ready": True, "busy": False, "heartbeat": 7, "problem": ""}
    assert state == told | {"installation": "", "head": "", "head_signature": "", "alarm": ""}


def test_verdict_and_state_carry_the_seal_of_the_moment(remembering: Callable[..., HttpTrigger]) -> None:
    numbers = iter(range(1, 9))
    server = remembering(seal=lambda: Seal("plant", f"{next(numbers)}:abc", "signed", "The record was altered."))
    answers = [post(server, b'{"id": "a"}').json() for _ in range(2)]
    with httpx2.Client(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answers.append(client.get(f"http://127.0.0.1:{server.port}/state").json())
    assert [answer["head"] for answer in answers] == ["1:abc", "2:abc", "3:abc"]
    for answer in answers:
        assert (answer["installation"], answer["head_signature"]) == ("plant", "signed")
        assert answer["alarm"] == "The record was altered."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b'{"id": 7}',
        b'{"id": ""}',
        b'{"id": "../etc"}',
        b'{"id": "a", "repeat": 1}',
        b"[" * 4000,
        b'{"id": "\xff"}',
    ],
)
def test_a_body_that_is_no_trigger_is_refused_and_asks_for_nothing(
    server: HttpTrigger, desk: Any, content: bytes
) -> None:
    answer = post(server, content)
    assert (answer.status_code, answer.json()["reads_as"]) == (400, "NG")
    assert desk.asked == []


@pytest.mark.parametrize("length", [b"%d" % (MOST_BYTES + 1), b"9" * 12])
def test_a_body_too_long_is_refused_unread(server: HttpTrigger, desk: Any, length: bytes) -> None:
    assert b" 413 " in raw(server, http_request(length, b"", TOKEN))
    assert desk.asked == []


def test_a_body_of_no_stated_length_is_read_no_further_than_it_may_be(server: HttpTrigger, desk: Any) -> None:
    head = http_request(b"0", b"", TOKEN).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    assert b" 413 " in raw(server, head + b"1001\r\n" + b" " * 0x1001 + b"\r\n0\r\n\r\n")
    assert desk.asked == []


def test_a_body_that_does_not_come_to_its_end_is_not_waited_for(server: HttpTrigger, desk: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(http_request(b"20", b'{"id":', TOKEN))
        assert b" 408 " in connection.recv(65536)
    assert desk.asked == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_read_which_a_form_of_a_web_page_cannot_send(server: HttpTrigger, desk: Any, kind: str) -> None:
    content = b'{"id": "a"}'
    sent = http_request(str(len(content)).encode(), content, TOKEN)
    line = b"Content-Type: application/json\r\n"
    assert b" 415 " in raw(server, sent.replace(line, f"Content-Type: {kind}\r\n".encode() if kind else b""))
    assert desk.asked == []
    assert post(server, content, **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[::2]", ""]
)
def test_a_name_that_somebody_else_has_given_to_this_machine_is_not_answered(
    server: HttpTrigger, desk: Any, host: str
) -> None:
    content = b'{"id": "a"}'
    sent = http_request(str(len(content)).encode(), content, TOKEN)
    assert b" 400 " in raw(server, sent.replace(b"Host: 127.0.0.1", f"Host: {host}".encode()))
    assert b" 400 " in raw(server, sent.replace(b"Host: 127.0.0.1\r\n", b""))
    assert desk.asked == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://127.0.0.1:8099"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ],
)
def test_a_web_page_neither_triggers_nor_reads(server: HttpTrigger, desk: Any, header: str, value: str) -> None:
    assert post(server, b'{"id": "a"}', **{header: value}).status_code == 403
    with httpx2.Client(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}", header: value}) as client:
        assert client.get(f"http://127.0.0.1:{server.port}/state").status_code == 403
        asked = client.options(f"http://127.0.0.1:{server.port}/trigger")
    assert asked.status_code == 403
    assert "access-control-allow-origin" not in asked.headers
    assert desk.asked == []


def test_a_token_is_asked_for_on_this_machine_as_well_for_every_route(server: HttpTrigger, desk: Any) -> None:
    answers = [
        post(server, b'{"id": "a"}', Authorization=""),
        post(server, b'{"id": "a"}', token="falsch"),
        post(server, b'{"id": "a"}', Authorization=f"Basic {TOKEN}"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"http://127.0.0.1:{server.port}/state").status_code == 401
    assert desk.asked == []
    assert post(server, b'{"id": "a"}').status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("token", ["", " , ", "geheim", "a" * 64, "1234567890" * 3, "with spaces " * 8, "é" * 64])
def test_it_is_not_opened_without_a_token_of_128_bits(desk: Any, host: str, token: str) -> None:
    with pytest.raises(SourceError, match=r"main\.py line token|without spaces"):
        HttpTrigger(desk, host, token=token)


def test_a_token_of_128_bits_is_one_whatever_its_alphabet() -> None:
    assert [token_problem(token) for token in (new_token(), "0123456789abcdef" * 2, "1234567890" * 4)] == ["", "", ""]
    assert token_problem("0123456789abcdef0123456789abcde")


def test_wrong_tokens_wait_longer_each_time_and_are_written_down_without_a_flood(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 100.0
    wrong = WrongTokens(lambda: now)
    with caplog.at_level(logging.WARNING):
        waits = [wrong.note("10.0.0.7") for _ in range(8)]
        assert wrong.note("10.0.0.8") == waits[0]
    assert waits[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(waits) == waits[-1] == 4.0
    assert len(caplog.records) == 2
    assert "10.0.0.7" in caplog.text
    now += 1000.0
    assert wrong.note("10.0.0.7") == waits[0]


def test_a_wrong_token_is_in_the_log_without_the_token(server: HttpTrigger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        post(server, b'{"id": "a"}', token="falsch-und-lang")
    assert "wrong token from 127.0.0.1" in caplog.text
    assert "falsch" not in caplog.text


def test_a_port_that_is_taken_is_said_in_a_sentence(server: HttpTrigger, desk: Any) -> None:
    with pytest.raises(SourceError, match=f"Port {server.port}"):
        HttpTrigger(desk, port=server.port, token=TOKEN)


# Repetitions ---------------------------------------------------------------------------------------------------


class Remembering:
    """A station that answers each id once; a repetition gets the first answer, ``age_s`` old when nothing is known."""

    problem = ""
    is_busy = False
    heartbeat = 7

    def __init__(self, age_s: float = 0.0) -> None:
        self.age_s = age_s
        self.results: dict[str, LineResult] = {}

    def ask(self, trigger: Trigger) -> Ticket:
        ticket = Ticket(trigger)
        decided_at = datetime.now(UTC) - timedelta(seconds=self.age_s)
        name = trigger.trigger_id
        first = LineResult(name, "nut", "h", Verdict.OK, decided_at, identity=trigger.identity)
        result = self.results.setdefault(name, first)
        ticket.answer(result)
        return ticket


@pytest.fixture
def remembering(run: Callable[..., None]) -> Iterator[Callable[..., HttpTrigger]]:
    def made(station: Any = None, **options: Any) -> HttpTrigger:
        server = HttpTrigger(station or Remembering(), token=f"{TOKEN},{OTHER}", **options)
        run(server)
        return server

    return made


def test_a_repetition_says_so_with_its_age_and_passes_within_the_deadline(
    remembering: Callable[..., HttpTrigger],
) -> None:
    server = remembering(deadline_s=60.0)
    assert post(server, b'{"id": "7"}').json()["repeated"] is False
    again = post(server, b'{"id": "7"}').json()
    assert (again["repeated"], again["reads_as"], again["verdict"]) == (True, "OK", "OK")
    assert 0.0 < again["age_s"] < 60.0


def test_a_repetition_older_than_the_deadline_reads_as_ng_unless_it_was_asked_for(
    remembering: Callable[..., HttpTrigger], wait_until: WaitUntil
) -> None:
    server = remembering(deadline_s=0.05)
    assert post(server, b'{"id": "7"}').json()["reads_as"] == "OK"
    # Its age grows with the clock alone.
    wait_until(lambda: post(server, b'{"id": "7"}').json()["age_s"] > 0.05)
    again = post(server, b'{"id": "7"}').json()
    assert (again["repeated"], again["reads_as"], again["verdict"]) == (True, "NG", "OK")
    assert "may be gone" in again["reason"]
    wanted = post(server, b'{"id": "7", "repeat": true}').json()
    assert (wanted["repeated"], wanted["reads_as"]) == (True, "OK")


@pytest.mark.parametrize("age_s", [1.0, -3600.0])
def test_an_answer_of_before_the_start_reads_as_ng(remembering: Callable[..., HttpTrigger], age_s: float) -> None:
    class Known(Remembering):
        def ask(self, trigger: Trigger) -> Ticket:
            ticket = super().ask(trigger)
            ticket.is_repeat = True
            return ticket

    server = remembering(Known(age_s), deadline_s=60.0)
    again = post(server, b'{"id": "7"}').json()
    assert (again["repeated"], again["reads_as"]) == (True, "NG")
    assert "before the line was started" in again["reason"]


def test_an_answer_that_is_wanted_again_has_no_part_judged_where_there_was_none(server: HttpTrigger, desk: Any) -> None:
    answer = post(server, b'{"id": "7", "repeat": true}')
    assert (answer.status_code, answer.json()["reads_as"]) == (404, "NG")
    assert desk.asked == []
    assert post(server, b'{"id": "7"}').json()["repeated"] is False


def test_an_id_belongs_to_the_caller_who_began_it_by_token_and_by_address(
    remembering: Callable[..., HttpTrigger],
) -> None:
    server = remembering(deadline_s=60.0)
    assert body_of(asked_raw(server, b'{"id": "7"}', "127.0.0.1"))["reads_as"] == "OK"
    content = b'{"id": "7", "repeat": true}'
    for answer in (asked_raw(server, content, "127.0.0.2"), asked_raw(server, content, "127.0.0.1", OTHER)):
        assert b" 409 " in answer
        assert body_of(answer) == {
            "error": "The id 7 was begun by another caller. Use ids of your own.",
            "reads_as": "NG",
        }
    assert body_of(asked_raw(server, content, "127.0.0.1"))["repeated"] is True


def test_the_age_counts_from_the_answer_be_nobody_there_to_hear_it() -> None:
    now = 10.0
    callers = Callers(600.0, lambda: now)
    begun, is_first = callers.begin("7", "a")
    assert is_first
    assert callers.age_s(begun) == 0.0
    callers.note_answer(begun)
    now = 40.0
    known, is_first = callers.begin("7", "a")
    callers.note_answer(known)
    assert (is_first, callers.age_s(known)) == (False, 30.0)
    now = 700.0
    assert callers.begin("7", "b")[1]


# Connections ---------------------------------------------------------------------------------------------------


def held(server: HttpTrigger, stack: ExitStack, count: int, sent: bytes = b"POST /trigger HTTP/1.1\r\nHost: ") -> None:
    """Connections whose request is never finished."""
    for _ in range(count):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        connection.sendall(sent)


@pytest.mark.parametrize("sent", [b"", b"POST /trigger HTTP/1.1\r\nHost: "])
def test_requests_that_are_never_finished_hold_back_nobody_who_has_the_token(server: HttpTrigger, sent: bytes) -> None:
    with ExitStack() as stack:
        for number in range(5):
            held(server, stack, 16, sent)
            assert post(server, b'{"id": "%d"}' % number).status_code == 200


def test_headers_have_to_be_there_within_a_second_however_slowly_they_drip(
    server: HttpTrigger, wait_until: WaitUntil
) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.setblocking(False)
        drops = iter(b"GET /state HTTP/1.1\r\nX: " + b"a" * 100_000)

        def is_closed() -> bool:
            try:
                connection.send(bytes([next(drops)]))
                return connection.recv(1) == b""
            except BlockingIOError:
                return False
            except ConnectionError:
                return True

        wait_until(is_closed)
    assert time.monotonic() - begun >= 0.9 * HEADERS_S


def test_clients_that_only_hold_the_line_are_hung_up_on_and_others_are_served(hasty: HttpTrigger) -> None:
    idle = [socket.create_connection(("127.0.0.1", hasty.port), timeout=10) for _ in range(40)]
    for connection in idle:
        # Every one of them is closed by the server: for a newcomer, or because its headers do not come.
        try:
            assert connection.recv(1) == b""
        except ConnectionError:
            continue
        finally:
            connection.close()
    assert post(hasty, b'{"id": "a"}').status_code == 200


def test_a_stop_waits_for_no_connection(desk: Any) -> None:
    desk.answers = False
    server = HttpTrigger(desk, token=TOKEN)
    server.start()
    with ExitStack() as stack:
        held(server, stack, 4)
        content = b'{"id": "a"}'
        waiting = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        waiting.sendall(http_request(str(len(content)).encode(), content, TOKEN))
        while not desk.asked:
            time.sleep(0.005)
        server.stop()
        with suppress(ConnectionError):
            assert waiting.recv(1) == b""


def test_a_server_that_dies_says_so_and_is_begun_anew_at_the_same_port(
    desk: Any, run: Callable[..., None], wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = iter([RuntimeError("died")])
    original = uvicorn.Server.main_loop

    async def dying(server: uvicorn.Server) -> None:
        for error in lives:
            raise error
        await original(server)

    monkeypatch.setattr(uvicorn.Server, "main_loop", dying)
    server = HttpTrigger(desk, token=TOKEN)
    run(server)
    wait_until(lambda: server.problem)
    assert "answers HTTP" in server.problem
    assert post(server, b'{"id": "a"}').status_code == 200


# TLS -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """One that this machine gave itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "line")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "line.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "line.key").write_bytes(encoded)
    return Certificate(tmp_path / "line.pem", tmp_path / "line.key")


def test_with_a_certificate_it_speaks_tls_and_nothing_else(
    desk: Any, run: Callable[..., None], certificate: Certificate, wait_until: WaitUntil
) -> None:
    server = HttpTrigger(desk, token=TOKEN, certificate=certificate)
    run(server)
    context = ssl.create_default_context(cafile=str(certificate.chain))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(trust_env=False, verify=context, headers=headers) as client:
        answer = client.post(f"https://127.0.0.1:{server.port}/trigger", content=b'{"id": "a"}')
    assert answer.json()["verdict"] == "OK"
    content = b'{"id": "b"}'
    assert b"HTTP/1.1" not in raw(server, http_request(str(len(content)).encode(), content, TOKEN))
    assert len(desk.asked) == 1


def test_handshakes_that_are_never_finished_hold_back_nobody(
    desk: Any, run: Callable[..., None], certificate: Certificate
) -> None:
    server = HttpTrigger(desk, token=TOKEN, certificate=certificate)
    run(server)
    context = ssl.create_default_context(cafile=str(certificate.chain))
    with ExitStack() as stack:
        held(server, stack, 40, b"\x16\x03\x01")
        client = stack.enter_context(httpx2.Client(trust_env=False, verify=context))
        assert client.get(f"https://127.0.0.1:{server.port}/state").status_code == 401


def test_a_certificate_that_is_none_is_said_in_a_sentence(desk: Any, tmp_path: Path, certificate: Certificate) -> None:
    (tmp_path / "no.pem").write_text("no certificate", encoding="utf-8")
    for wrong in (Certificate(tmp_path / "away.pem"), Certificate(tmp_path / "no.pem"), Certificate(certificate.chain)):
        with pytest.raises(SourceError, match=r"certificate .* cannot be used"):
            HttpTrigger(desk, token=TOKEN, certificate=wrong)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(http_bytes(TOKEN))
def test_whatever_bytes_come_the_server_answers_the_next_one(server: HttpTrigger, sent: bytes) -> None:
    raw(server, sent)
    assert post(server, b'{"id": "after"}').status_code == 200


def test_a_part_is_named_in_the_body_and_in_the_answer(desk: Any, run: Callable[..., None]) -> None:
    server = HttpTrigger(desk, token=TOKEN, own_fields=("pallet",))
    run(server)
    answer = post(server, json.dumps({"id": "7", "serial": "\u00dc-1", "order": 815, "pallet": "P9"}).encode())
    assert answer.status_code == 200
    assert (answer.json()["serial"], answer.json()["order"], answer.json()["field_1"]) == ("\u00dc-1", "815", "P9")
    assert desk.asked[0].identity == Identity("\u00dc-1", order="815", field_1="P9")


@pytest.mark.parametrize(
    ("serial", "said"),
    [("x" * 500, "500 characters"), ("A\x1e1", "cannot be seen"), ("\u202eA", "cannot be seen"), (["A"], "is no text")],
)
def test_a_serial_that_cannot_be_kept_has_no_part_judged(
    server: HttpTrigger, desk: Any, serial: object, said: str
) -> None:
    answer = post(server, json.dumps({"id": "7", "serial": serial}).encode())
    assert (answer.status_code, answer.json()["reads_as"]) == (400, "NG")
    assert said in answer.json()["error"]
    assert desk.asked == []


def test_a_body_in_another_encoding_is_refused(server: HttpTrigger, desk: Any) -> None:
    answer = post(server, '{"id": "7", "serial": "\u00dc"}'.encode("latin-1"))
    assert (answer.status_code, answer.json()["reads_as"]) == (400, "NG")
    assert desk.asked == []


def test_an_id_that_comes_again_for_another_part_has_no_verdict(run: Callable[..., None]) -> None:
    desk = Remembering()
    server = HttpTrigger(desk, token=TOKEN)
    run(server)
    assert post(server, b'{"id": "7", "serial": "A"}').status_code == 200
    assert post(server, b'{"id": "7", "serial": "A"}').json()["repeated"] is True
    other = post(server, b'{"id": "7", "serial": "B"}')
    assert (other.status_code, other.json()["reads_as"]) == (409, "NG")
    assert "for another part" in other.json()["error"]
