from __future__ import annotations

from pathlib import Path

from tools.capability_study import main


def test_the_page_is_made_and_has_the_manuals_kappas(tmp_path: Path) -> None:
    page = tmp_path / "capability.md"
    assert main(["--out", str(page), "--repetitions", "2"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| A and B | 44 | 6 | 3 | 97 | 0.86 | 0.862944 |" in text
    assert "| 80 (32) | 0.5 |" in text


def test_183_bad_parts_without_a_miss_prove_two_per_cent() -> None:
    from filo_core.statistics.rates import Interval, counted_rate

    upper = [counted_rate(0, bad, "parts", Interval.CLOPPER_PEARSON).upper for bad in (182, 183)]
    assert upper[1] <= 0.02 < upper[0]
