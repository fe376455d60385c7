"""``product prove`` as a user meets it, on the rendered demo parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.resources import resource_path
from tests.e2e.conftest import Result

Run = Callable[..., Result]
DEMO = resource_path("demo", "bracket")
# Every command loads the model anew, as it does for a user.
pytestmark = pytest.mark.slow


def some(folder: Path, *pictures: Path) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        shutil.copy(picture, folder / f"{number}_{picture.parent.name}.jpg")
    return folder


@pytest.fixture
def bracket(run: Run, tmp_path: Path) -> str:
    good = some(tmp_path / "references", *sorted((DEMO / "train" / "good").iterdir())[:4])
    made = run("product", "create", "bracket", "--class-name", "bracket", "--references", good,
               "--eyes", "fast 256", "--json")  # fmt: skip
    assert made.status == 0, made.stderr
    return "bracket"


def test_bad_parts_are_shown_judged_kept_and_signed(run: Run, bracket: str, tmp_path: Path) -> None:
    bad = some(tmp_path / "bad", *(DEMO / "test" / kind / "000.jpg" for kind in ("missing_screw", "crack", "stain")))
    proven = run("product", "prove", bracket, "--bad", bad, "--sign-off", "--json")
    assert proven.status == 0, proven.stderr
    found = proven.json
    assert (found["bad"], found["good"], len(found["parts"])) == (3, 4, 7)
    verdicts = [part["verdict"] for part in found["parts"] if part["known"] == "NG"]
    assert found["missed"] == verdicts.count("OK")
    assert (found["colour"] == "red") == bool(found["missed"])
    assert found["most_missed"] >= 0.7, "three bad parts carry no more"
    assert found["recipe_version"] in {1, 2}
    assert bool(found["reason"]) == bool(found["missed"])
    listed = run("golden", "list", bracket, "--json").json
    assert [part["expected"] for part in listed["parts"]] == ["NG"] * 3
    again = run("product", "prove", bracket)
    assert again.status == 0, again.stderr
    assert found["sentence"] in again.stdout
    assert "bad parts like these may pass" in " ".join(again.stdout.split())


def test_a_product_that_was_shown_none_is_amber_and_carries_the_reason(run: Run, bracket: str) -> None:
    proven = run("product", "prove", bracket, "--sign-off", "--reason", "none was ever made", "--json")
    assert proven.status == 0, proven.stderr
    assert (proven.json["colour"], proven.json["reason"]) == ("amber", "none was ever made")


def test_what_cannot_be_shown_is_a_sentence(run: Run, bracket: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = run("product", "prove", bracket, "--bad", tmp_path / "empty")
    assert (refused.status, "holds no image" in refused.stderr) == (1, True)
    good = some(tmp_path / "same", sorted((DEMO / "train" / "good").iterdir())[0])
    refused = run("product", "prove", bracket, "--bad", good)
    assert refused.status == 1
    assert "is one of the good images of bracket" in " ".join(refused.stderr.split())
    assert run("product", "prove", "nothing", "--bad", good).status == 1


def test_good_parts_of_another_day_are_held_against_the_promise(run: Run, bracket: str, tmp_path: Path) -> None:
    night = some(tmp_path / "night", *sorted((DEMO / "train" / "good").iterdir())[4:7])
    shown = run("product", "prove", bracket, "--session", night, "--session-name", "night shift", "--json")
    assert shown.status == 0, shown.stderr
    sessions = shown.json["sessions"]
    assert (sessions["one_session"], sessions["refused_as"]) == (True, "NG")
    (counted,) = sessions["shown"]
    assert (counted["session"], counted["parts"], counted["joined"]) == ("night shift", 3, False)
    assert sessions["stated"] == max(sessions["promise"], counted["upper"])
    assert "of another day or shift" in sessions["sentence"]
    joined = run("product", "prove", bracket, "--join-sessions", "--sign-off")
    assert joined.status == 0, joined.stderr
    assert "With the good parts of night shift (3)" in " ".join(joined.stdout.split())
    again = run("product", "prove", bracket, "--session", night)
    assert again.status == 1
    assert "that the promise rests on" in " ".join(again.stderr.split())
    # Its own good images, inspected by mistake.
    (tmp_path / "mistake").mkdir()
    for picture in (tmp_path / "references").iterdir():
        shutil.copy(picture, tmp_path / "mistake" / picture.name)
    inspected = run("inspect", bracket, "--folder", tmp_path / "mistake")
    assert inspected.status == 0, inspected.stderr
    assert inspected.stderr.count("is one of its good images: it counts in no figure") == 4
    report = run("report", bracket)
    assert report.status == 0, report.stderr
    said = " ".join(report.stdout.split())
    assert "4 inspections of known parts are left out" in said
    assert "Nothing was inspected in this time" in said
    assert "Promise: at most" in said
    described = " ".join(run("product", "show", bracket).stdout.split())
    assert "Session night shift: called NG" in described
    assert run("product", "show", bracket, "--json").json["sessions"]["shown"][0]["joined"]


def test_a_product_without_a_picture_needs_a_profile_that_judges_by_words(run: Run) -> None:
    refused = run("product", "create", "plate")
    assert refused.status == 1
    assert "'compact' profile compares parts with good ones" in " ".join(refused.stderr.split())
    assert run("product", "list", "--json").json == {"products": []}
