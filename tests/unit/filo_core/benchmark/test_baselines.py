"""The baselines see what anyone sees, and the comparison puts them beside the profile."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from filo_core.benchmark.baselines import PlainContrast, RawPixels, contenders
from filo_core.method.memory_bank import MemoryBank
from tests.small_network import SMALL


@pytest.fixture
def plate() -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.clip(150 + rng.normal(0, 3, (120, 160, 3)), 0, 255).astype(np.uint8)


def test_raw_patches_rank_as_their_euclidean_distance_does() -> None:
    rng = np.random.default_rng(1)
    stored, query = (rng.integers(0, 255, (256, 256, 3), np.uint8) for _ in range(2))
    backbone = RawPixels()
    a, b = (backbone.encode(backbone.prepare(pixels)).stages[0][0] for pixels in (stored, query))
    bank = MemoryBank()
    bank.add("a", [a])
    (found,) = bank.distances([b])
    euclidean = torch.cdist(b[:, :-1], a[:, :-1]).amin(dim=1)
    ranks = [values.argsort().argsort().float() for values in (found, euclidean)]
    assert float(torch.corrcoef(torch.stack(ranks))[0, 1]) > 0.95


def test_plain_contrast_sees_a_dark_spot_without_any_reference(plate: NDArray[np.uint8]) -> None:
    spotted = plate.copy()
    spotted[40:60, 100:120] = 20
    good, bad = PlainContrast().predict(plate), PlainContrast().predict(spotted)
    assert bad.image_score > 3 * good.image_score
    row, column = np.unravel_index(bad.anomaly_map.argmax(), bad.anomaly_map.shape)
    assert 40 / 120 < row / 256 < 60 / 120
    assert 100 / 160 < column / 256 < 120 / 160
    assert not bad.trained


def test_the_profile_comes_first_and_every_baseline_has_a_name_of_its_own() -> None:
    rows = contenders(SMALL, "cpu", baselines=True)
    assert rows[0].name == "small"
    assert len({row.name for row in rows}) == len(rows) == 5
