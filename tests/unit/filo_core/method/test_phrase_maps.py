"""What one phrase lights up, on a text encoder whose answers are known."""

import pytest
import torch

from filo_core.method.phrase_maps import PhraseMaps
from tests.unit.filo_core.method.test_text_side import KnownWords, _features, _recipe

AXES = torch.eye(4)


def test_each_phrase_lights_up_its_own_patch_and_no_other() -> None:
    patches = torch.stack([AXES[0], AXES[2], AXES[3], AXES[0]])
    maps = PhraseMaps(_recipe("crack", "stain"), KnownWords()).maps(_features(patches), 32)
    assert set(maps) == {"crack", "stain"}
    assert maps["crack"].flatten().tolist() == pytest.approx([0.0, 1.0, 0.5, 0.0], abs=1e-6)
    assert maps["stain"].flatten().tolist() == pytest.approx([0.0, 0.5, 1.0, 0.0], abs=1e-6)


def test_a_phrase_whose_words_are_not_known_lights_up_nothing_and_is_named() -> None:
    phrases = PhraseMaps(_recipe("zorbed tile", "crack"), KnownWords())
    assert phrases.names == ("crack",)
    assert phrases.unknown == ("zorbed tile",)


def test_a_phrase_is_seen_without_the_generic_states() -> None:
    # A patch like "damaged" would light up the whole anomalous side, but not the crack.
    damaged = AXES[1].repeat(4, 1)
    lit = PhraseMaps(_recipe("crack"), KnownWords()).maps(_features(damaged), 32)["crack"]
    assert float(lit.max()) == pytest.approx(0.5)
