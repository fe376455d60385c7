"""``main.py product`` and ``main.py inspect`` on folders as users have them."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from program import cli
from tests.e2e.conftest import ROOT, Result, environment, paint_part
from tests.unit.filo_core.imaging.tiffs import Tiff

Run = Callable[..., Result]


def test_a_folder_is_judged_and_a_second_run_skips_everything(run: Run, product: str, category: Path) -> None:
    first = run("inspect", product, "--folder", category / "test", "--json").json
    assert first["inspected"] == first["ok"] + first["review"] + first["ng"] == 6
    assert first["skipped"] == first["not_inspected"] == first["unreadable"] == 0
    assert first["ng"] >= 3
    assert first["images_per_second"] > 0
    assert first["peak_rss_mb"] > 50
    second = run("inspect", product, "--folder", category / "test", "--json").json
    assert second["skipped"] == 6
    assert second["inspected"] == 0


def test_the_person_who_signs_in_stands_beside_the_verdicts_and_nobody_has_to(
    run: Run, product: str, category: Path, filo_home: Path
) -> None:
    def typed(pin: str, *arguments: str) -> int:
        done = CliRunner().invoke(cli, list(arguments), input=pin, env={"FILO_HOME": str(filo_home)})
        return done.exit_code

    assert typed("740936\n", "user", "add", "Ada", "--role", "admin") == 0
    good, spot = str(category / "test" / "good"), str(category / "test" / "spot")
    assert typed("999999\n", "inspect", product, "--folder", good, "--user", "Ada") == 1
    assert typed("740936\n", "inspect", product, "--folder", good, "--user", "Ada") == 0
    assert run("inspect", product, "--folder", spot, env={"FILO_OPERATOR": "line 3"}).status == 0
    with closing(sqlite3.connect(filo_home / "filo.sqlite")) as connection:
        counted = connection.execute("SELECT operator, count(*) FROM inspections GROUP BY operator").fetchall()
        assert counted == [("Ada", 3), ("line 3", 3)]
        assert connection.execute("SELECT count(*) FROM sessions WHERE ended_at IS NULL").fetchone() == (0,)


def test_unreadable_files_are_listed_and_not_inspected_while_the_rest_is_judged(
    run: Run, product: str, category: Path
) -> None:
    folder = category / "test"
    (folder / "empty.png").write_bytes(b"")
    (folder / "letter.jpg").write_text("this is no picture")
    whole = (folder / "good" / "0.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    result = run("inspect", product, "--folder", folder, "--json")
    assert result.status == 0
    assert result.json["inspected"] == 6
    assert result.json["not_inspected"] == result.json["unreadable"] == 3
    assert sorted(result.json["unreadable_files"]) == ["cut.png", "empty.png", "letter.jpg"]
    for name in ("cut.png", "empty.png", "letter.jpg"):
        assert name in result.stderr


def test_files_that_may_be_pictures_and_are_not_read_are_counted_listed_and_in_the_exit_status(
    run: Run, product: str, category: Path
) -> None:
    folder = category / "test"
    whole = (folder / "good" / "0.png").read_bytes()
    for name in ("part_07.tga", "part_08.png ", "good/part_09"):
        (folder / name).write_bytes(whole)
    part = Image.open(folder / "good" / "0.png").convert("RGB")
    for seed, name in enumerate(("10.avif", "11.jp2", "12.dib", "13.ppm", "14.webp", "15.tif")):
        # Contents of their own: what was judged before is skipped.
        part.putpixel((0, 0), (seed, 3, 5))
        part.save(folder / name)
    (folder / "16.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(4000))
    (folder / "17.dng").write_bytes(Tiff(16, tags={50706: (1, (1, 4, 0, 0))}).of(np.zeros((8, 8, 1), np.uint16)))
    (folder / "notes.txt").write_text("not a part")

    result = run("inspect", product, "--folder", folder, "--json")

    assert result.status == 3
    assert result.json["inspected"] == 12
    assert result.json["unreadable_files"] == ["16.heic", "17.dng"]
    assert "17.dng: is a camera's raw file" in result.stderr
    assert result.json["left_out"] == 3
    assert result.json["left_out_files"] == ["good/part_09", "part_07.tga", "part_08.png "]
    assert "part_07.tga" in result.stderr
    told = run("inspect", product, "--folder", folder)
    assert told.status == 3
    assert "3 left out" in told.stdout


def test_an_empty_folder_and_an_unknown_product_are_sentences(run: Run, product: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused = run("inspect", product, "--folder", empty)
    assert refused.status == 1
    assert "empty" in refused.stderr
    unknown = run("inspect", "gearbox", "--folder", empty)
    assert unknown.status == 1
    assert "gearbox" in unknown.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_without_write_permission_is_named(run: Run, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    result = run("product", "list", env={"FILO_HOME": str(locked)})
    assert result.status == 1
    assert "locked" in result.stderr


def test_a_home_that_is_a_file_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("product", "list", env={"FILO_HOME": str(tmp_path / "file")})
    assert result.status == 1
    assert "FILO_HOME" in result.stderr


def test_a_failed_creation_leaves_no_half_made_product(run: Run, category: Path) -> None:
    (category / "train" / "good" / "broken.png").write_bytes(b"\x89PNG")
    refused = run("product", "create", "plate", "--class-name", "plate", "--references", category / "train" / "good")
    assert refused.status == 1
    assert "broken.png" in refused.stderr
    assert run("product", "list", "--json").json["products"] == []


def test_a_product_travels_as_one_file_and_judges_alike(run: Run, product: str, category: Path, tmp_path: Path) -> None:
    here = run("inspect", product, "--folder", category / "test", "--json").json
    assert run("product", "export", product, tmp_path / "plate.filo").status == 0
    there = {"FILO_HOME": str(tmp_path / "other-machine")}
    assert run("product", "import", tmp_path / "plate.filo", env=there).status == 0
    shown = run("product", "show", product, "--json", env=there).json
    assert shown["class_name"] == "metal plate"
    if shown["recipe_version"]:
        again = run("inspect", product, "--folder", category / "test", "--json", env=there).json
        assert (again["ok"], again["ng"]) == (here["ok"], here["ng"])


def test_an_anomaly_file_becomes_the_list(run: Run, category: Path, tmp_path: Path) -> None:
    listed = tmp_path / "anomalies.txt"
    listed.write_text("Scratch\nscratches\n\nbent pin!\n")
    result = run("product", "create", "p", "--class-name", "plate", "--references", category / "train" / "good",
                 "--anomalies", listed, "--json")  # fmt: skip
    assert result.status == 0, result.stderr
    assert run("product", "show", "p", "--json").json["anomaly_types"] == ["scratch", "bent pin"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_run_killed_half_way_judges_every_image_exactly_once_when_started_again(
    run: Run, product: str, filo_home: Path, tmp_path: Path
) -> None:
    folder, total = tmp_path / "line", 40
    for number in range(total):
        paint_part(folder / f"{number:03}.png", 1000 + number, spot=number % 3 == 0)
    database = filo_home / "filo.sqlite"
    command = [sys.executable, str(ROOT / "main.py"), "inspect", product, "--folder", str(folder)]
    kills = []
    for goal in (5, 15):
        running = subprocess.Popen(
            command, env=environment(filo_home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 120
            while _judged(database) < goal and running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
        finally:
            kills.append(running.wait())
    assert kills == [-signal.SIGKILL] * 2
    before = _judged(database)
    assert 15 <= before < total
    last = run("inspect", product, "--folder", folder, "--json").json
    assert last["skipped"] == before
    assert last["inspected"] == total - before
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT image_hash, COUNT(*) FROM inspections GROUP BY image_hash").fetchall()
    assert len(rows) == total
    assert {count for _, count in rows} == {1}


def _judged(database: Path) -> int:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM inspections").fetchone()[0])
