"""The page on calibration is made by one command, and says when a promise is broken."""

from pathlib import Path

import numpy as np

from filo_core.calibration.conformal import jackknife_plus_limit, split_limit
from tools.calibration_study import Kept, leave_one_out_scores, limits_table, main, outside_scores


def test_one_command_writes_the_page_with_all_its_tables(tmp_path: Path) -> None:
    page = tmp_path / "calibration.md"
    assert main(["--repetitions", "16", "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "Split conformal: parts outside the memory bank",
        "Jackknife+: the references themselves",
        "Bad parts that were shown",
        "Good parts of another session",
        "Real good parts as another session",
        "Drift watch",
        "Intervals of kappa",
        "Real categories",
    ]
    assert "Not measured in this run" in text
    assert "**NO**" not in text


def test_one_section_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "calibration.md"
    page.write_text("# Old\n\n## Drift watch\n\nas it was\n\n## Real categories\n\nmeasured\n", encoding="utf-8")
    title = "Good parts of another session"
    assert main(["--repetitions", "16", "--out", str(page), "--only", title]) == 0
    text = page.read_text(encoding="utf-8")
    assert "## Drift watch\n\nas it was" in text
    assert "## Real categories\n\nmeasured" in text
    assert "three quarters lost" in text.partition(f"## {title}")[2].partition("\n## ")[0]


def test_a_broken_promise_is_noticed() -> None:
    assert Kept(promise=0.05, refused=60, repetitions=1000).holds
    assert not Kept(promise=0.05, refused=90, repetitions=1000).holds
    # New parts that are nothing like the calibration parts are all refused.
    _, held = limits_table(split_limit, lambda features, bank: (outside_scores(features, bank)[0] * 0.5, 9.0), 100)
    assert not held


def test_leave_one_out_scores_never_use_the_part_itself() -> None:
    features = np.array([[0.0], [1.0], [5.0], [6.5]])
    scores, new = leave_one_out_scores(features, 0)
    assert list(scores) == [1.0, 1.0, 4.0]
    assert new == 1.5
    assert jackknife_plus_limit(list(scores), 0.25).limit == 4.0
