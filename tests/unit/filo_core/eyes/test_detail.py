"""What the networks see of the smallest defect."""

from __future__ import annotations

import pytest

from filo_core.errors import RecipeError
from filo_core.eyes.detail import as_rows, defect_detail
from filo_core.types import ProductDescription, ProductDraft, Sight
from filo_core.zones import Zone

_DRAFT = ProductDraft(ProductDescription("nut", "nut"))


def test_ten_pixels_are_needed_and_the_cheapest_size_that_has_them_is_named() -> None:
    found = defect_detail(_DRAFT, (2000, 1500), 100.0, 0.7, Sight.FAST)
    assert found.camera_px == pytest.approx(14.0)
    assert [round(one.covers_px, 2) for one in found.details] == [1.79, 2.69, 3.58, 5.38, 10.75]
    assert found.cheapest is not None
    assert found.cheapest.eyes.light_px == 1536
    assert "fast 1536 shows 10.8 px of the smallest defect" in found.sentence
    assert as_rows(found.details)[-1] == ("fast 1536, in tiles", "10.8", "yes", "22.5")


def test_a_region_around_what_matters_shows_more() -> None:
    drawn = ProductDraft(ProductDescription("nut", "nut"), zones=(Zone("rim", ((0.0, 0.0), (0.25, 0.25))),))
    whole, part = (defect_detail(one, (2000, 2000), 100.0, 1.0, Sight.SHARP) for one in (_DRAFT, drawn))
    assert part.details[2].covers_px == pytest.approx(20.0), "no more than the camera shows"
    assert whole.details[2].covers_px == pytest.approx(5.12)
    assert part.cheapest is not None
    assert part.cheapest.eyes.light_px == 256


def test_a_camera_that_shows_too_little_is_said_rather_than_a_size() -> None:
    found = defect_detail(_DRAFT, (640, 480), 100.0, 0.5, Sight.FAST)
    assert found.cheapest is None
    assert "no choice here helps" in found.sentence


def test_a_defect_that_no_size_shows_well_enough_is_said() -> None:
    found = defect_detail(_DRAFT, (4000, 3000), 100.0, 0.3, Sight.FAST)
    assert found.cheapest is None
    assert "Even fast 1536 shows 4.6 px" in found.sentence


@pytest.mark.parametrize(("field", "smallest"), [(0.0, 1.0), (100.0, 0.0), (10.0, 20.0), (float("nan"), 1.0)])
def test_lengths_that_cannot_be_are_refused(field: float, smallest: float) -> None:
    with pytest.raises(RecipeError, match="length above 0 mm"):
        defect_detail(_DRAFT, (100, 100), field, smallest, Sight.FAST)
