"""The service as a program: killed, ended, started twice, beside a window, and on a record that others use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from filo_client import Client, ServiceError
from filo_core.errors import DatabaseInUseError, SettingsError
from filo_core.imaging import decode_image
from filo_core.line.triggers.http import Certificate
from filo_core.types import InspectionFilter, Role
from service.app import make_app
from service.server import ApiServer
from storage.engine import sqlite_url
from storage.instance_lock import InstanceLock
from storage.storage import open_storage
from tests.unit.filo_core.line.triggers.test_http_trigger import certificate  # noqa: F401 a fixture
from tools.line_rig import PRODUCT, sign
from tools.service_rig import ServiceProcess, brightness, lines_of, new_token, picture, prepare, serving
from tools.soak_service.plant import abuse, shares
from workflows.keeping.checking import beside_problems
from workflows.line.undelivered import most_waiting
from workflows.people.access import Access
from workflows.people.users import Users
from workflows.serving.outputs_allowed import confirm_outputs
from workflows.serving.served_line import OtherPartError, ServedState
from workflows.serving.service import open_service
from workflows.serving.service_file import FILE_NAME, ServiceFile, read_service_file
from workflows.settings.settings import Settings
from workflows.workbench import _is_served

ROOT = Path(__file__).resolve().parents[3]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


@pytest.mark.slow
def test_a_plant_in_small_loses_nothing_to_kills_and_outages(tmp_path: Path) -> None:
    found = abuse(tmp_path, parts=200, kills=2, outages=1)
    assert found.faults == []
    asked = shares(200)
    files = asked["watched"]
    assert (found.parts, found.kills, found.files_away) == (200, 2, 1)
    # Parts = verdicts in the record = answers = deliveries; a file's answer is its delivery.
    assert (found.recorded, found.answers, found.delivered) == (200, 200 - files, 200)
    assert asked["called"] > 0
    assert (found.from_broker, found.broker_away) in {(asked["posted"], 1), (None, 0)}
    assert found.mails == ["[ALARM] Parts called NG in a row (lid)", "[OK] Parts called NG in a row (lid)"]
    # A kill costs the parts in hand their verdict, and no other: four at once are posted, the other lines have one.
    assert found.not_inspected <= 7 * found.kills
    assert found.unsaid <= found.not_inspected


@pytest.mark.slow
def test_what_a_line_was_told_holds_after_a_kill_and_an_end_is_graceful(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / FILE_NAME).write_text(
        f'[lines.one]\nproduct = "{PRODUCT}"\n[lines.two]\nproduct = "{PRODUCT}"\nautostart = false\n', encoding="utf-8"
    )
    token, service = new_token(tmp_path, "supervisor"), ServiceProcess(tmp_path)
    with Client(f"http://127.0.0.1:{service.port}", token) as client:
        client.stop("one")
        client.start("two")
        wait_until(lambda: client.line("two").ready)
        service.kill()
    service = ServiceProcess(tmp_path)
    with Client(f"http://127.0.0.1:{service.port}", token) as client:
        wait_until(lambda: client.line("two").ready)
        assert client.line("one").state == "stopped"
        heard: list[str] = []
        stream = threading.Thread(target=lambda: heard.extend(one.kind for one in client.events()))
        stream.start()
        assert client.inspect("two", picture(1)).passes
        wait_until(lambda: "inspection" in heard)
        assert service.end() == 0
        stream.join(5)
        assert not stream.is_alive()
        with pytest.raises(ServiceError, match="cannot be reached"):
            client.lines()
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as storage:
        assert storage.recovered.jobs == storage.recovered.orphans == 0
        assert storage.verify().problems == ()


def test_a_second_service_on_a_data_folder_is_refused_and_a_window_beside_it_is_not(tmp_path: Path) -> None:
    prepare(tmp_path)
    settings = Settings(home=tmp_path)
    is_served = _is_served(settings)
    assert not is_served()
    with serving(tmp_path, lines_of(one={})) as (service, _):
        wait_until(lambda: service.line("one").state is ServedState.RUNNING)
        with (
            pytest.raises(DatabaseInUseError, match=r"A service runs on .* already"),
            open_service(settings, ServiceFile()),
        ):
            pass
        # A window takes its own lock, sees the record, and leaves backups to the service.
        with InstanceLock(settings.database_url, settings.images):
            assert is_served()
            with open_storage(settings.database_url, settings.images) as beside, beside.reading() as transaction:
                assert transaction.products.exists(PRODUCT)
    assert not is_served()


def test_two_services_with_a_data_folder_each_work_on_one_server(tmp_path: Path, postgres_url: str) -> None:
    homes = [tmp_path / name for name in ("left", "right")]
    with open_storage(postgres_url, homes[0] / "images") as storage:
        sign(storage)
    opened = [Settings(home=home, database=postgres_url, station=home.name) for home in homes]
    with (
        open_service(opened[0], lines_of(one={}), make_model=brightness) as left,
        open_service(opened[1], lines_of(one={}), make_model=brightness) as right,
    ):
        for number, service in enumerate((left, right), 1):
            wait_until(lambda service=service: service.line("one").report().is_ready)
            asked = service.line("one").ask("1", "me", decode_image(picture(number), f"{number}.png"))
            assert asked.reads_as == "OK"
        assert len(left.history.page(InspectionFilter())) == 2


def test_a_line_that_cannot_start_says_why_and_the_others_run(tmp_path: Path) -> None:
    prepare(tmp_path)
    with serving(tmp_path, lines_of(bad={"product": "no such product"}, good={})) as (service, server):
        wait_until(lambda: service.line("bad").state is ServedState.FAILED)
        wait_until(lambda: service.line("good").report().is_ready)
        assert "no such product" in service.problems()["line bad"]
        with Client(f"http://127.0.0.1:{server.port}", new_token(tmp_path, "me")) as client:
            assert not client.is_ready()
            assert client.line("bad").state == "failed"
            with pytest.raises(ServiceError, match=r"503.*no such product"):
                client.inspect("bad", picture(1))
            assert client.change_product("bad", PRODUCT).product == PRODUCT
            wait_until(client.is_ready)
            assert client.inspect("bad", picture(2)).passes


def test_outputs_of_the_file_are_confirmed_by_somebody_who_may_once_there_are_users(tmp_path: Path) -> None:
    prepare(tmp_path)
    file = lines_of(one={"outputs": (f"csv:{tmp_path}/out.csv",)})
    with serving(tmp_path, file) as (service, _):
        wait_until(lambda: service.line("one").report().is_ready)
        access = Access(service.storage)
        Users(service.storage, access).add("Ada", Role.ADMIN, "740936")
    with serving(tmp_path, file) as (service, _):
        line = service.line("one")
        wait_until(lambda: line.state is ServedState.FAILED)
        assert "service confirm --user" in line.problem
        access = Access(service.storage)
        access.sign_in("Ada", "740936")
        confirm_outputs(access, file)
        line.start()
        wait_until(lambda: line.report().is_ready)
    changed = lines_of(one={"outputs": (f"csv:{tmp_path}/elsewhere.csv",)})
    with serving(tmp_path, changed) as (service, _):
        wait_until(lambda: service.line("one").state is ServedState.FAILED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lines.one]\n", "lines.one.product"),
        ("[lines.'a b']\nproduct = 'x'\n", "lines.a b"),
        ("[lines.one]\nproduct = 'x'\ntriggers = ['bell']\n", "no trigger"),
        ("[lines.one]\nproduct = 'x'\ntriggers = ['key']\n", "press a key"),
        ("[lines.one]\nproduct = 'x'\ndeadline = 0\n", "deadline"),
        ("[lines.one]\nproduct = 'x'\ncamera = 'x'\n", "camera"),
        ("[lines.one\n", "no TOML file"),
        ("\u0000", "no TOML file"),
    ],
)
def test_a_file_of_lines_that_says_something_else_is_refused_with_the_place(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as refused:
        read_service_file(path)
    assert str(path) in str(refused.value)


def test_the_command_says_what_is_missing_and_loads_no_qt(tmp_path: Path) -> None:
    environment = os.environ | {"FILO_HOME": str(tmp_path), "FILO_SECRETS": "file"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "main.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    missing = run("serve")
    assert (missing.returncode, "is not there" in missing.stderr) == (1, True)
    (tmp_path / FILE_NAME).write_text('[lines.one]\nproduct = "nut"\n', encoding="utf-8")
    nowhere = run("serve", "--listen", "here")
    assert (nowhere.returncode, "names no host and port" in nowhere.stderr) == (1, True)
    assert "one: nut, asked by the API alone" in run("service", "check").stdout
    made = run("service", "token", "make", "me", "--scope", "inspect").stdout.strip()
    assert made.startswith("filo_")
    listed = run("service", "token", "list", "--json").stdout
    assert '"scopes": ["inspect"]' in listed
    assert made not in listed
    assert run("service", "token", "revoke", "me").returncode == 0
    again = run("service", "token", "revoke", "me")
    assert (again.returncode, "no token me" in again.stderr) == (1, True)


def test_an_id_that_comes_again_after_a_restart_with_another_picture_is_no_ok(tmp_path: Path) -> None:
    prepare(tmp_path)
    file = lines_of(one={})
    with serving(tmp_path, file) as (service, _):
        line = service.line("one")
        wait_until(lambda: line.report().is_ready)
        first = line.ask("7", "me", decode_image(picture(1), "part.png"))
        assert first.reads_as == "OK"
    with serving(tmp_path, file) as (service, _):
        line = service.line("one")
        wait_until(lambda: line.report().is_ready)
        with pytest.raises(OtherPartError):
            line.ask("7", "me", decode_image(picture(4), "part.png"))
    with serving(tmp_path, file) as (service, _):
        line = service.line("one")
        wait_until(lambda: line.report().is_ready)
        again = line.ask("7", "me", decode_image(picture(1), "part.png"))
        assert (again.is_repeat, again.reads_as, again.inspection_id) == (True, "OK", first.inspection_id)


def test_an_answer_forged_in_the_outbox_of_a_line_is_found_and_counted_as_waiting(tmp_path: Path) -> None:
    prepare(tmp_path)
    settings = Settings(home=tmp_path)
    # A folder in the place of the file: nothing can be delivered.
    (tmp_path / "out.csv").mkdir()
    with serving(tmp_path, lines_of(one={"outputs": (f"csv:{tmp_path}/out.csv",)})) as (service, _):
        line = service.line("one")
        wait_until(lambda: line.report().is_ready)
        assert line.ask("1", "me", decode_image(picture(4), "bad.png")).reads_as == "NG"
        assert most_waiting(settings) == 1
        wait_until(lambda: sum(line.report().waiting.values()) == 1)
        assert line.report().oldest_waiting_s > 0
        assert beside_problems(settings, service.storage) == ()
    with closing(sqlite3.connect(tmp_path / "lines" / "one" / "outbox.sqlite")) as connection:
        connection.execute("UPDATE triggers SET result = replace(replace(result, '\"NG\"', '\"OK\"'), 'NG', 'OK')")
        connection.commit()
    with open_storage(settings.database_url, settings.images) as storage:
        (found,) = beside_problems(settings, storage)
    assert "another one than that of its inspection" in found.sentence


def test_with_a_certificate_it_speaks_tls_and_nothing_else(tmp_path: Path, certificate: Certificate) -> None:  # noqa: F811
    prepare(tmp_path / "home")
    token = new_token(tmp_path / "home", "me")
    with open_service(Settings(home=tmp_path / "home"), lines_of(), make_model=brightness) as service:
        server = ApiServer(make_app(service), "127.0.0.1", 0, certificate)
        server.start()
        try:
            with Client(f"https://127.0.0.1:{server.port}", token, ca_file=certificate.chain) as client:
                assert client.lines() == ()
            with (
                Client(f"http://127.0.0.1:{server.port}", token, timeout_s=5) as plain,
                pytest.raises(ServiceError, match="cannot be reached"),
            ):
                plain.lines()
        finally:
            server.stop()
