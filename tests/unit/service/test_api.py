"""The API on a real server: what it answers, to whom, and what it refuses."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from PIL import Image

from filo_client import Client, Part, ServiceError
from filo_core.types import EventKind
from service.server import ApiServer
from tools.line_rig import PRODUCT
from tools.service_rig import ALL, lines_of, new_token, picture, prepare, serving
from workflows.people.access import Access
from workflows.serving.service import Service
from workflows.serving.tokens import Scope, make_service_token, revoke_service_token


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


class Served:
    """A service with a line that takes posted pictures, one that looks at a test camera, and one that rests."""

    def __init__(self, service: Service, server: ApiServer, home: Path) -> None:
        self.service = service
        self.home = home
        self.address = f"http://127.0.0.1:{server.port}"
        self.access = Access(service.storage)
        self.tokens = {scope: make_service_token(self.access, home, scope.value, [scope]) for scope in Scope}
        self.token = make_service_token(self.access, home, "all", ALL)
        self.client = Client(self.address, self.token)
        wait_until(lambda: all(line.report().is_ready for line in service.lines.values() if line.is_wanted))

    def raw(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        shown = self.token if token is None else token
        headers = ({"Authorization": f"Bearer {shown}"} if shown else {}) | more.pop("headers", {})
        return httpx.request(method, f"{self.address}{path}", headers=headers, timeout=30, trust_env=False, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / "home"
    prepare(home)
    file = lines_of(
        posted={},
        camera={"sources": ("test://part?every=4&rate=20&size=128x96",), "triggers": ("folder:" + str(home / "none"),)},
        resting={"autostart": False},
    )
    (home / "none").mkdir()
    with serving(home, file, rate_per_s=1000.0) as (service, server):
        one = Served(service, server, home)
        yield one
        one.client.close()


# What it answers --------------------------------------------------------------------------------------------------


def test_a_posted_picture_has_its_verdict_and_stands_in_the_record_with_who_posted_it(served: Served) -> None:
    part = Part(serial="SN-1", lot="L7", order="0815")
    good, bad = served.client.inspect("posted", picture(1), part, id="1"), served.client.inspect("posted", picture(4))
    assert (good.verdict, good.reads_as, good.part) == ("OK", "OK", part)
    assert (bad.verdict, bad.reads_as, bad.passes) == ("NG", "NG", False)
    assert good.inspection_id is not None
    kept = served.client.inspection(good.inspection_id)
    assert (kept.verdict, kept.part, kept.product) == ("OK", part, PRODUCT)
    assert served.client.picture(kept.id) == picture(1)
    with Image.open(io.BytesIO(served.client.heat_map(kept.id))) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (64, 64))
    content = served.service.storage.verify()
    assert content.problems == ()
    (operator,) = _operators(served, good.inspection_id)
    assert operator == "service token all"


def _operators(served: Served, number: int) -> list[str]:
    import sqlite3

    with sqlite3.connect(served.home / "filo.sqlite") as connection:
        rows = connection.execute("SELECT operator FROM inspections WHERE id = ?", (number,)).fetchall()
    return [row[0] for row in rows]


def test_the_same_id_is_the_same_part_and_another_picture_under_it_is_refused(served: Served) -> None:
    first = served.client.inspect("posted", picture(5), id="again")
    second = served.client.inspect("posted", picture(5), id="again")
    assert (first.repeated, second.repeated) == (False, True)
    assert (second.inspection_id, second.reads_as) == (first.inspection_id, "OK")
    with pytest.raises(ServiceError, match=r"409.*another part"):
        served.client.inspect("posted", picture(6), id="again")
    with pytest.raises(ServiceError, match=r"409.*another part"):
        served.client.inspect("posted", picture(5), Part(serial="other"), id="again")


def test_a_line_is_asked_through_its_camera(served: Served) -> None:
    answer = served.client.trigger("camera", "c1", Part(serial="SN-C"))
    assert answer.verdict in {"OK", "REVIEW", "NG"}
    assert answer.part.serial == "SN-C"
    with pytest.raises(ServiceError, match=r"409.*has no camera"):
        served.client.trigger("posted", "c2")


def test_verdicts_are_filtered_and_paged_without_one_twice(served: Served) -> None:
    began = datetime.now(UTC)
    for number in range(10, 30):
        served.client.inspect("posted", picture(number), Part(serial=f"P-{number}", lot="pages"))
    wanted = {"part": Part(lot="pages"), "since": began, "line": "posted"}
    found = list(served.client.all_inspections(**wanted, limit=7))
    assert [one.part.serial for one in found] == [f"P-{number}" for number in range(29, 9, -1)]
    bad = served.client.inspections(**wanted, verdicts=["NG"]).inspections
    assert [one.part.serial for one in bad] == ["P-28", "P-24", "P-20", "P-16", "P-12"]
    (one,) = served.client.inspections(part=Part(serial="P-20")).inspections
    assert one.verdict == "NG"
    assert served.client.inspections(part=Part(lot="pages"), until=began).inspections == ()
    assert served.client.inspections(product="no such product").inspections == ()


def test_products_and_lines_are_listed(served: Served) -> None:
    (product,) = served.client.products()
    assert (product.name, product.recipe_version, product.anomaly_types) == (PRODUCT, 1, ("scratch",))
    assert [line.name for line in served.client.lines()] == ["camera", "posted", "resting"]
    assert served.client.line("resting").state == "stopped"
    with pytest.raises(ServiceError, match=r"404.*no line"):
        served.client.line("nowhere")


def test_a_line_is_started_and_stopped_and_the_chain_says_by_whom(served: Served) -> None:
    served.client.start("resting")
    wait_until(lambda: served.client.line("resting").ready)
    assert served.client.inspect("resting", picture(3)).verdict == "OK"
    served.client.change_product("resting", PRODUCT.upper())
    served.client.stop("resting")
    wait_until(lambda: served.client.line("resting").state == "stopped")
    with pytest.raises(ServiceError, match=r"409.*does not run"):
        served.client.inspect("resting", picture(7))
    with pytest.raises(ServiceError, match="404"):
        served.client.change_product("resting", "no such product")
    with served.service.storage.reading() as transaction:
        told = transaction.events.about(EventKind.SERVICE_CALLED, "line resting")
    assert [(event.actor, '"call":"' in event.detail) for event in told] == [("service token all", True)] * 3
    assert ['"start"' in one.detail for one in told] == [False, False, True]
    assert served.service.storage.verify().problems == ()


def test_live_events_come_in_order_and_go_on_where_a_reader_was_cut_off(served: Served) -> None:
    answers = [served.client.inspect("posted", picture(number), Part(lot="live")) for number in (40, 41)]
    stream = served.client.events(line="posted", after=(answers[0].inspection_id or 0) - 1)
    found = [next(one for one in stream if one.kind == "inspection") for _ in range(2)]
    assert [one.id for one in found] == [answer.inspection_id for answer in answers]
    later = served.client.inspect("posted", picture(42))
    assert next(one for one in stream if one.kind == "inspection").id == later.inspection_id
    stream.close()


def test_figures_and_health_say_how_it_is(served: Served) -> None:
    answer = served.client.inspect("posted", picture(8))
    text = served.raw("GET", "/metrics").text
    line = next(one for one in text.splitlines() if one.startswith('filo_parts_total{line="posted"') and "NG" in one)
    assert f'product="{PRODUCT}"' in line
    assert answer.verdict == "NG"
    assert float(line.rsplit(" ", 1)[1]) >= 1
    for name in ("filo_part_seconds_bucket", "filo_disk_free_bytes", "filo_line_ready", "filo_record_sealed 1.0"):
        assert name in text
    assert 'filo_camera_up{line="camera"} 1.0' in text
    assert served.raw("GET", "/metrics", token="").status_code == 401
    found = httpx.get(f"{served.address}/health", trust_env=False)
    assert (found.status_code, found.json()["ready"], found.json()["reasons"]) == (200, True, {})
    assert httpx.get(f"{served.address}/health/live", trust_env=False).status_code == 200


# Who is let in ----------------------------------------------------------------------------------------------------


def test_each_scope_opens_what_it_says_and_nothing_else(served: Served) -> None:
    calls = {
        Scope.READ: ("GET", "/api/v1/lines"),
        Scope.INSPECT: ("POST", "/api/v1/lines/posted/inspections"),
        Scope.OPERATE: ("POST", "/api/v1/lines/posted/start"),
    }
    for scope, token in served.tokens.items():
        for asked, (method, path) in calls.items():
            status = served.raw(method, path, token, content=picture(9)).status_code
            assert (status < 300) is (asked is scope), (scope, path, status)
            assert asked is scope or status == 403
    for wrong in ("", "filo_wrong"):
        refused = served.raw("GET", "/api/v1/lines", wrong)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["www-authenticate"] == "Bearer"


def test_a_token_that_is_revoked_while_its_stream_is_open_ends_it(served: Served) -> None:
    token = make_service_token(served.access, served.home, "for a while", [Scope.READ])
    ended, heard = threading.Event(), []

    def listen() -> None:
        with Client(served.address, token) as client:
            heard.extend(client.events())
        ended.set()

    thread = threading.Thread(target=listen)
    wait_until(lambda: served.raw("GET", "/api/v1/lines", token).status_code == 200)
    thread.start()
    wait_until(lambda: heard == [] and thread.is_alive())
    time.sleep(0.6)
    assert not ended.is_set()
    revoke_service_token(served.access, served.home, "for a while")
    assert ended.wait(5)
    thread.join(5)
    assert served.raw("GET", "/api/v1/lines", token).status_code == 401


def test_no_token_is_kept_anywhere(served: Served) -> None:
    for path in served.home.rglob("*"):
        if path.is_file():
            assert served.token.encode() not in path.read_bytes(), path


def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    prepare(tmp_path)
    token = new_token(tmp_path, "busy")
    with serving(tmp_path, lines_of(), rate_per_s=2.0) as (_, server):
        address = f"http://127.0.0.1:{server.port}/api/v1/lines"
        headers = {"Authorization": f"Bearer {token}"}
        found = [httpx.get(address, headers=headers, trust_env=False) for _ in range(12)]
        refused = [one for one in found if one.status_code == 429]
        assert [one.status_code for one in found[:4]] == [200] * 4
        assert refused
        assert {one.headers["retry-after"] for one in refused} == {"1"}
        time.sleep(1.1)
        assert httpx.get(address, headers=headers, trust_env=False).status_code == 200


# What it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"serial": "S" * 5000}, 422, "serial"),
        ({"serial": "a\x00b"}, 422, "cannot be seen"),
        ({"lot": "a\u202eb"}, 422, "cannot be seen"),
        ("serial=%FF%FE", 422, "UTF-8"),
        ({"order": "p\u0430y"}, 422, "look alike"),
        ({"id": "a b"}, 422, "id"),
        ({"name": "x\ny"}, 422, "cannot be seen"),
    ],
)
def test_an_identity_that_cannot_be_kept_is_refused_and_nothing_is_judged(
    served: Served, query: dict[str, Any] | str, status: int, words: str
) -> None:
    before = served.client.line("posted").answers
    refused = served.raw("POST", "/api/v1/lines/posted/inspections", params=query, content=picture(50))
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert words in refused.json()["detail"]
    assert served.client.line("posted").answers == before


def test_broken_pictures_and_large_bodies_are_refused(served: Served) -> None:
    path = "/api/v1/lines/posted/inspections"
    for content in (b"", b"no picture", picture(1)[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 100):
        refused = served.raw("POST", path, content=content)
        assert refused.status_code == 422, content[:20]
        assert refused.json()["status"] == 422
    assert served.raw("PUT", "/api/v1/lines/posted/product", content=b"x" * 70_000).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(70):
            yield b"\0" * (1 << 20)

    assert served.raw("POST", path, content=pieces()).status_code == 413
    assert served.client.inspect("posted", picture(1)).verdict == "OK"


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        (
            "PUT",
            "/api/v1/lines/posted/product",
            {"content": b"\xff{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        ("PUT", "/api/v1/lines/posted/product", {"json": {"product": "x" * 200}}, 422),
        ("GET", "/api/v1/inspections/0", {}, 422),
        ("GET", "/api/v1/inspections/99999999", {}, 404),
        ("GET", "/api/v1/inspections/99999999/picture", {}, 404),
        ("GET", "/api/v1/inspections", {"params": {"since": "0001-01-01T00:00:00+14:00"}}, 422),
        ("GET", "/api/v1/inspections", {"params": {"since": "2026-01-01T00:00:00"}}, 422),
        ("GET", "/api/v1/inspections", {"params": {"cursor": str(1 << 70)}}, 422),
        ("GET", "/api/v1/inspections", {"params": {"product": "a\x00"}}, 422),
        ("GET", "/api/v1/lines/..%2f..%2fetc", {}, 404),
        ("GET", "/api/v1/events", {"headers": {"Last-Event-ID": "x"}}, 422),
        ("DELETE", "/api/v1/lines", {}, 405),
        ("GET", "/nothing", {}, 404),
    ],
)
def test_whatever_is_asked_wrongly_is_a_problem_and_no_failure(
    served: Served, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    refused = served.raw(method, path, **more)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    said = refused.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]


def test_a_moment_long_ago_is_no_failure(served: Served) -> None:
    since = datetime.now(UTC) - timedelta(days=700_000)
    assert served.client.inspections(since=since).inspections
