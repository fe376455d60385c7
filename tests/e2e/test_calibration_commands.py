"""``calibrate``, ``drift``, ``sensitivity``, ``golden`` and ``report`` as a user meets them, thin evidence included."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from filo_core.types import InspectionFilter, ReviewDecision, Verdict
from storage.storage import open_storage
from tests.e2e.conftest import Result, paint_part
from workflows.reporting.history import History
from workflows.settings.settings import Settings

Run = Callable[..., Result]
# Every command loads the model anew, as it does for a user.
pytestmark = pytest.mark.slow
CONTRACT = {"good_parts", "lowest_promise", "alpha", "needed_for_alpha", "limit_ok", "limit_ng"}


def create(run: Run, references: Path, name: str = "plate") -> str:
    made = run("product", "create", name, "--class-name", "metal plate", "--references", references,
               "--eyes", "fast 256", "--json")  # fmt: skip
    assert made.status == 0, made.stderr
    return name


def decide(product: str, verdict_of: Callable[[str], Verdict], reviewer: str = "Ada") -> int:
    """Decide on every undecided inspection; how many that were."""
    settings = Settings()
    with open_storage(settings.database_url, settings.images) as storage:
        history = History(storage)
        found = history.page(InspectionFilter(product=product, undecided=True), limit=1000)
        for record in found:
            verdict = verdict_of(record.name)
            agrees = record.verdict is verdict or record.verdict is Verdict.REVIEW
            decision = ReviewDecision.CONFIRM if agrees else ReviewDecision.OVERRULE
            history.review(record.inspection_id, decision, verdict, reviewer, "" if agrees else "it really is")
    return len(found)


def test_calibrate_promises_what_six_parts_carry_and_says_how_many_are_missing(run: Run, product: str) -> None:
    found = run("calibrate", product, "--alpha", "0.05", "--json")
    assert found.status == 0, found.stderr
    assert set(found.json) >= CONTRACT
    assert found.json["good_parts"] == 6
    assert found.json["lowest_promise"] == pytest.approx(1 / 7)
    assert found.json["promise"] == pytest.approx(1 / 7)
    assert found.json["alpha"] == 0.05
    assert found.json["needed_for_alpha"] == 13
    assert found.json["guarantee"] == "jackknife+"
    assert 0 < found.json["limit_ok"] < found.json["limit_ng"]
    said = run("calibrate", product).stdout
    assert "the lowest false-reject rate they can promise is 14.3 %" in said
    assert "93 more for 1 %" in said


def test_a_rate_that_the_parts_carry_is_promised_itself(run: Run, product: str) -> None:
    found = run("calibrate", product, "--alpha", "0.45", "--json").json
    assert found["needed_for_alpha"] == 0
    assert 1 / 7 < found["promise"] <= 0.45


@pytest.mark.parametrize("alpha", ["0", "1", "-0.1", "nan"])
def test_a_rate_that_is_none_is_a_sentence(run: Run, product: str, alpha: str) -> None:
    refused = run("calibrate", product, "--alpha", alpha)
    assert refused.status == 1
    assert "A false-reject rate lies between 0 and 1" in refused.stderr


def test_confirmed_parts_join_the_evidence(run: Run, product: str, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for seed in range(9):
        paint_part(folder / f"{seed}.png", 300 + seed)
    run("inspect", product, "--folder", folder)
    assert decide(product, lambda name: Verdict.OK) == 9
    alone = run("calibrate", product, "--json").json
    assert alone["confirmed"] == alone["good_parts"] == 9
    assert alone["guarantee"] == "split conformal"
    assert alone["promise"] == pytest.approx(0.1)
    assert run("drift", product, "--json").json["recalibrate"] is False


def test_one_reference_promises_nothing_and_says_so(run: Run, tmp_path: Path) -> None:
    paint_part(tmp_path / "one" / "good.png", 1)
    name = create(run, tmp_path / "one")
    found = run("calibrate", name, "--json").json
    assert found["lowest_promise"] is None
    assert found["promise"] is None
    assert "no false-reject rate can be promised" in found["sentence"]
    said = run("sensitivity", name)
    assert said.status == 1
    assert "at least two good parts" in said.stderr


def test_identical_references_are_a_sentence(run: Run, product: str, tmp_path: Path) -> None:
    paint_part(tmp_path / "same" / "a.png", 1)
    with Image.open(tmp_path / "same" / "a.png") as picture:
        picture.save(tmp_path / "same" / "b.bmp")
    refused = run("product", "create", "twin", "--class-name", "plate", "--references", tmp_path / "same")
    assert refused.status == 1
    assert "All 2 good parts have the very same score" in refused.stderr


def test_nothing_inspected_gives_a_report_of_sentences(run: Run, product: str, tmp_path: Path) -> None:
    found = run("report", product, "--from", "2001-01-01", "--to", "2001-01-02", "--pdf", tmp_path / "empty.pdf")
    assert found.status == 0, found.stderr
    assert "Nothing was inspected in this time" in found.stdout
    assert "There are no presented parts yet" in found.stdout
    assert (tmp_path / "empty.pdf").read_bytes().startswith(b"%PDF")


def test_all_ng_and_no_reviews_are_sentences(run: Run, product: str, category: Path) -> None:
    run("inspect", product, "--folder", category / "test" / "spot")
    said = run("report", product).stdout
    assert "First-pass yield: 0 of 3" in said
    assert "Agreement needs the verdicts of two appraisers" in said
    assert "There are no images reviewed as good yet" in said
    assert "A control chart needs at least two shifts or hours" in said
    decide(product, lambda name: Verdict.NG)
    assert "agreement beyond chance cannot be told" in run("report", product).stdout
    refused = run("drift", product)
    assert "Watching for drift needs 4 confirmed good parts" in refused.stdout


def test_a_report_has_yield_scores_and_agreement_with_its_interval(
    run: Run, product: str, category: Path, tmp_path: Path
) -> None:
    run("inspect", product, "--folder", category / "test", env={"FILO_STATION": "press 4"})
    decide(product, lambda name: Verdict.OK if "good" in name else Verdict.NG)
    found = run("report", product, "--pdf", tmp_path / "plate.pdf")
    assert found.status == 0, found.stderr
    assert "station press 4: 3 of 6 (50 %, 95 % interval" in found.stdout
    assert "  shift " in found.stdout
    assert "Agreement of system and Ada: Cohen's kappa 1.00" in found.stdout
    assert "Expected review load:" in found.stdout
    words = "".join(part.extract_text() for part in PdfReader(tmp_path / "plate.pdf").pages)
    assert "Agreement of system and Ada" in words
    assert "Image scores and limits" in words
    refused = run("report", product, "--pdf", tmp_path)
    assert refused.status == 1
    assert "is a folder. Give the name of a file inside it." in refused.stderr
    assert "is no day" in run("report", product, "--from", "yesterday").stderr


def test_a_failing_golden_set_stops_inspection_until_it_is_signed_off(
    run: Run, product: str, category: Path, tmp_path: Path
) -> None:
    assert "no golden set yet" in run("golden", "check", product).stderr
    assert run("golden", "import", product, category).status == 0
    passed = run("golden", "check", product, "--json")
    assert passed.status == 0
    assert passed.json["passed"] is True
    assert passed.json["parts"] == 6
    # A good part that is called bad: the check has to fail.
    run("golden", "add", product, category / "train" / "good" / "0.png", "--bad")
    failed = run("golden", "check", product, "--json")
    assert failed.status == 2
    assert [wrong["name"] for wrong in failed.json["wrong"]] == ["0.png"]
    blocked = run("inspect", product, "--folder", category / "test")
    assert blocked.status == 1
    assert "plate must not be inspected. The golden set failed: 1 of 7 known parts" in blocked.stderr
    assert run("golden", "sign-off", product, "--by", "Ada", "--reason", "  ").status == 1
    assert run("golden", "sign-off", product, "--by", "Ada", "--reason", "part 0 was mixed up").status == 0
    assert run("inspect", product, "--folder", category / "test", "--json").json["inspected"] == 6
    listed = run("golden", "list", product).stdout
    assert "Ada let the inspection go on: part 0 was mixed up" in listed
    assert listed.count("The golden set failed") == 1
    assert listed.count("The golden set passed") == 1
    assert run("user", "add", "Grace", "--role", "admin", typed="740936\n").status == 0
    again = ("golden", "check", product, "--by", "Ada")
    assert "Name or PIN is wrong" in run(*again, "--user", "Grace", typed="999999\n").stderr
    assert run(*again, "--user", "Grace", typed="740936\n").status == 2
    assert "Grace, recipe version 1: The golden set failed" in run("golden", "list", product).stdout
    refused = run("golden", "remove", product, "0.png")
    assert (refused.status, "Say who signs in with --user" in refused.stderr) == (1, True)


def test_a_demanded_check_that_is_overdue_stops_inspection(run: Run, product: str, category: Path) -> None:
    run("golden", "demand", product, "--each-shift")
    folder = category / "test" / "good"
    assert "has no known parts" in run("inspect", product, "--folder", folder).stderr
    run("golden", "import", product, category)
    assert "has not been checked since the shift began" in run("inspect", product, "--folder", folder).stderr
    assert run("golden", "check", product).status == 0
    assert run("inspect", product, "--folder", folder).status == 0


def test_sensitivity_is_labelled_synthetic_and_has_an_interval(run: Run, product: str) -> None:
    found = run("sensitivity", product, "--draws", "2", "--json")
    assert found.status == 0, found.stderr
    assert found.json["synthetic"] is True
    assert all(sentence.startswith("Synthetic ") for sentence in found.json["sentences"])
    assert all(0.0 <= point["lower"] <= point["upper"] <= 1.0 for point in found.json["points"])
