"""The wizard on the real record, and good parts that are good pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from gui.products.panel import ProductsPanel
from gui.products.wizard.wizard import Wizard
from gui.state import AppState


def plate(seed: int, red: int = 60) -> Image.Image:
    """A picture with sharp edges and little red, another one for every seed."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(60, 200, (12, 16, 3)), np.ones((20, 20, 1)))
    blocks[..., 0] = blocks[..., 0] * red / 200
    return Image.fromarray((blocks + rng.normal(0, 3, blocks.shape)).clip(0, 255).astype(np.uint8))


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> ProductsPanel:
    made = ProductsPanel(state)
    # While it is there: what it still writes may take a turn of the event loop, in which Qt deletes what is closed.
    qtbot.addWidget(made, before_close_func=ProductsPanel.close_down)
    made.resize(990, 640)
    made.show()
    return made


@pytest.fixture
def wizard(panel: ProductsPanel) -> Wizard:
    panel.set_up_new()
    return panel.wizard


@pytest.fixture
def good_files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"plate_{seed}.png" for seed in range(3)]
    for seed, path in enumerate(paths):
        plate(seed).save(path)
    return paths
