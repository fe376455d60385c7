"""FusDes and type ranking on a text encoder whose answers are known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from filo_core.method.interfaces import ImageFeatures
from filo_core.method.text_side import TextSide, side_maps
from filo_core.method.type_ranking import TypeRanking
from filo_core.types import UNKNOWN_TYPE, AnomalyType, Limits, Position, ProductDescription, ProductDraft, Recipe


class KnownWords:
    """Unit vectors by the words of a prompt: normal, generic, crack, stain."""

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        raise AssertionError("there are no learned prompts")

    def knows(self, phrase: str) -> bool:
        return "zorbed" not in phrase

    def encode(self, prompts: Sequence[str]) -> Tensor:
        return torch.stack([self._one(prompt) for prompt in prompts])

    def _one(self, prompt: str) -> Tensor:
        for axis, word in ((2, "crack"), (3, "stain")):
            if word in prompt:
                return torch.eye(4)[axis]
        generic = any(word in prompt for word in ("damaged", "broken", "with "))
        return torch.eye(4)[1 if generic else 0]


def _recipe(*names: str) -> Recipe:
    draft = ProductDraft(ProductDescription("p", "tile"), tuple(AnomalyType(name) for name in names))
    return draft.recipe(Limits(0.1, 0.2, 0.1), "0" * 64)


def _features(patches: Tensor) -> ImageFeatures:
    return ImageFeatures(patches.mean(dim=0, keepdim=True), (patches[None],), patches[None], (2, 2))


MASK = np.zeros((8, 8), bool)
MASK[:4, :4] = True


def test_a_region_gets_the_description_its_patches_resemble() -> None:
    ranking = TypeRanking(_recipe("crack", "stain"), KnownWords())
    patches = torch.stack([torch.eye(4)[3], torch.eye(4)[0], torch.eye(4)[0], torch.eye(4)[0]])
    name, confidence = ranking.name(_features(patches), MASK, Position.TOP_LEFT)
    assert name == "stain"
    assert confidence == pytest.approx(1.0, abs=1e-6)


def test_without_heads_the_map_is_the_mean_over_the_v_v_stages_and_the_last_block_stays_out() -> None:
    last, first_values, second_values = (torch.eye(4)[axes] for axes in ([1] * 4, [0] * 4, [0, 0, 0, 1]))
    features = replace(_features(last), value_embeddings=(first_values[None], second_values[None]))
    found = side_maps(None, features, torch.eye(4)[0], torch.eye(4)[1], 2)
    assert found[1].flatten().tolist() == pytest.approx([0.0, 0.0, 0.0, 0.5], abs=1e-6)
    assert side_maps(None, _features(last), torch.eye(4)[0], torch.eye(4)[1], 2)[1].min() > 0.99


def test_a_region_is_named_by_the_last_v_v_stage_where_there_is_one() -> None:
    ranking = TypeRanking(_recipe("crack", "stain"), KnownWords())
    cracks, stains = (torch.eye(4)[axis].repeat(4, 1) for axis in (2, 3))
    features = replace(_features(cracks), value_embeddings=(cracks[None], stains[None]))
    assert ranking.name(features, MASK, Position.TOP_LEFT)[0] == "stain"


def test_a_list_of_one_type_is_only_as_sure_as_it_beats_the_generic_states() -> None:
    ranking = TypeRanking(_recipe("crack"), KnownWords())
    near = torch.nn.functional.normalize(torch.tensor([0.0, 1.0, 1.01, 0.0]), dim=-1).repeat(4, 1)
    name, confidence = ranking.name(_features(near), MASK, Position.TOP_LEFT)
    (whole,) = ranking.rank(_features(near), tuple(Position))
    assert name == whole.name == "crack"
    assert 0.5 < confidence < 0.8
    assert whole.share == pytest.approx(confidence, abs=1e-6)


def test_a_region_that_only_the_generic_states_explain_stays_unknown() -> None:
    ranking = TypeRanking(_recipe("crack", "stain"), KnownWords())
    patches = torch.eye(4)[1].repeat(4, 1)
    assert ranking.name(_features(patches), MASK, Position.TOP_LEFT) == (UNKNOWN_TYPE, 0.0)


def test_a_name_the_text_tower_does_not_know_is_never_put_on_a_region() -> None:
    ranking = TypeRanking(_recipe("zorbed tile"), KnownWords())
    patches = torch.eye(4)[3].repeat(4, 1)
    assert ranking.names == ()
    assert ranking.name(_features(patches), MASK, Position.TOP_LEFT) == (UNKNOWN_TYPE, 0.0)


def test_disabled_types_and_an_empty_list_name_nothing() -> None:
    draft = ProductDraft(ProductDescription("p", "tile"), (AnomalyType("stain", enabled=False),))
    ranking = TypeRanking(draft.recipe(Limits(0.1, 0.2, 0.1), "0" * 64), KnownWords())
    patches = torch.eye(4)[3].repeat(4, 1)
    assert ranking.names == ()
    assert ranking.name(_features(patches), MASK, Position.TOP_LEFT) == (UNKNOWN_TYPE, 0.0)


def test_a_normal_image_scores_low_and_one_like_its_descriptions_high() -> None:
    side = TextSide(_recipe("crack"), KnownWords())
    normal = _features(torch.eye(4)[0].repeat(4, 1))
    cracked = _features(torch.eye(4)[2].repeat(4, 1))
    assert side.answer(normal, ()).probability() < 1e-6
    assert side.answer(cracked, ()).probability() > 1.0 - 1e-6


def test_the_vision_language_map_lights_up_the_patch_that_differs() -> None:
    side = TextSide(_recipe("crack"), KnownWords())
    patches = torch.stack([torch.eye(4)[0], torch.eye(4)[2], torch.eye(4)[0], torch.eye(4)[0]])
    anomaly_map = side.answer(_features(patches), ()).map(4)
    assert anomaly_map.shape == (4, 4)
    assert int(anomaly_map.argmax()) == 3
    assert float(anomaly_map[3, 0]) < 1e-6
