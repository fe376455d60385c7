"""The model card's figures and the cost of an image, from results made here."""

from dataclasses import replace

from filo_core.benchmark.measuring import BenchmarkResult, CategoryResult, Merits
from tools.bench.beside import Cost, cost_lines
from tools.model_card import BEGIN, CARD, END, measured

_FIRST = Merits(image_auroc=0.9, pixel_auroc=0.95, aupro=0.8, f1_max=0.85)
_SECOND = Merits(image_auroc=0.7, pixel_auroc=0.85, aupro=0.6, f1_max=0.75)


def _result(name: str, *, masks: bool = True) -> BenchmarkResult:
    category = CategoryResult(
        name="set/part",
        figures=Merits(image_auroc=0.8, pixel_auroc=0.9 if masks else None, aupro=0.7, f1_max=0.8),
        spread=Merits(image_auroc=0.1, pixel_auroc=0.05 if masks else None, aupro=0.1, f1_max=0.05),
        by_seed=(_FIRST, _SECOND) if masks else tuple(replace(f, pixel_auroc=None) for f in (_FIRST, _SECOND)),
        image_auroc_interval=(0.6, 0.92),
        good=20,
        anomalous=24,
        seconds=1.0,
        trained=True,
    )
    return BenchmarkResult((category,), name, 4, (0, 1), 24)


def test_own_figures_stand_with_spread_and_interval_and_beside_every_baseline() -> None:
    text = measured([_result("compact"), _result("raw pixels")])
    assert "| set/part | 80.0 ± 10.0 | 60 to 92 | 90.0 ± 5.0 | 70.0 ± 10.0 | 80.0 ± 5.0 |" in text
    # Of one category the spread of the mean is that of its seeds: 0.9 and 0.7.
    assert "| **mean** | 80.0 ± 14.1 |" in text
    assert "| image / pixel AUROC | compact | raw pixels |" in text
    # Beside the baselines stands the first seed alone, which is all that those are measured with.
    assert "| set/part | 90.0 / 95.0 | 90.0 / 95.0 |" in text


def test_rows_of_the_same_draws_stand_together_with_the_spread_of_their_means() -> None:
    once = replace(_result("plain contrast"), seeds=(0,))
    text = measured([_result("compact"), _result("compact without its head"), once])
    assert "| compact without its head | 80.0 ± 14.1 | 90.0 ± 7.1 |" in text
    assert "| plain contrast | 80.0" not in text
    assert "| set/part | 90.0 / 95.0 | 90.0 / 95.0 | 90.0 / 95.0 |" in text


def test_a_figure_that_is_not_defined_is_a_dash() -> None:
    assert "| set/part | 90.0 / – |" in measured([_result("compact", masks=False)])


def test_the_shipped_card_has_its_measured_part_filled_in() -> None:
    text = CARD.read_text(encoding="utf-8")
    filled = text.split(BEGIN)[1].split(END)[0]
    assert "| **mean** |" in filled
    assert "ResNet-18" in filled
    assert "@" not in text.replace("@media", "")


def test_the_cost_is_a_ratio_that_can_be_repeated_anywhere() -> None:
    lines = cost_lines(Cost(image=0.05, resnet18=0.025, prepare=0.4, megabytes=612.0))
    assert "50 ms, 2.00 times a torchvision ResNet-18 forward" in lines
    assert "20.0 images a second" in lines
    assert "0.40 s" in lines
    assert "612 MB" in lines
