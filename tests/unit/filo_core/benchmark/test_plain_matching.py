"""Plain matching: the farthest patch is the score, and the map shows where it is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.benchmark.plain_matching import PlainMatching
from filo_core.errors import RecipeError
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import FittedFrame


class _Blocks:
    """An eye whose features are the picture's own pixels, a block of 8 x 8 a patch."""

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        rows, columns = pixels.shape[0] // 8, pixels.shape[1] // 8
        blocks = (pixels.astype(np.float32) + 1.0).reshape(rows, 8, columns, 8, 3).transpose(0, 2, 1, 3, 4)
        frame = FittedFrame(*pixels.shape[:2], *pixels.shape[:2])
        return Features(unit(blocks.reshape(rows, columns, -1)), frame, 8)


def test_a_picture_it_has_seen_scores_nothing_and_a_mark_scores_where_it_is() -> None:
    good = np.full((64, 96, 3), 120, np.uint8)
    matching = PlainMatching(_Blocks(), [good])  # type: ignore[arg-type]
    assert matching.predict(good).image_score == pytest.approx(0.0, abs=1e-6)
    marked = good.copy()
    marked[16:20, 72:76] = (255, 0, 0)
    found = matching.predict(marked)
    assert 0.01 < found.image_score <= 1.0
    row, column = np.unravel_index(found.anomaly_map.argmax(), found.anomaly_map.shape)
    assert 16 / 64 <= (row + 0.5) / 256 <= 24 / 64
    assert 72 / 96 <= (column + 0.5) / 256 <= 80 / 96


def test_without_a_good_part_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(RecipeError, match="no good part"):
        PlainMatching(_Blocks(), [])  # type: ignore[arg-type]
