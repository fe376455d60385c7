"""The wiring of Grounding DINO on a tiny network from the package's own configuration, and the box filter."""

import dataclasses
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from filo_core.method.grounding import keep_boxes
from filo_core.method.grounding_dino import (
    GENERIC_WORDS,
    GroundingDinoLocalizer,
    build_grounding_dino,
    captions,
)
from filo_core.method.grounding_settings import GroundingSettings

BERT = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 200,
    "max_position_embeddings": 512,
}
SMALL = {"dim_feedforward": 64, "enc_layers": 1, "dec_layers": 1, "num_queries": 9}
SETTINGS = GroundingSettings(box_threshold=0.0, short_side_px=64, long_side_px=128, changes=SMALL)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *letters, *(f"##{letter}" for letter in letters)]
    path = tmp_path_factory.mktemp("bert") / "vocab.txt"
    path.write_text("\n".join([*words, *GENERIC_WORDS, "crack"]) + "\n")
    return path


@pytest.fixture(scope="module")
def model(vocabulary: Path) -> Any:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked for")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
    torch.manual_seed(0)
    network = build_grounding_dino(SETTINGS, BERT, vocabulary)
    patch.undo()
    return network


def test_a_tiny_network_answers_with_boxes_inside_the_image(model: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    boxes = GroundingDinoLocalizer(model, SETTINGS).locate(pixels, ["crack"])
    assert boxes
    for box in boxes:
        assert 0.0 <= box.left < box.right <= 1.0
        assert 0.0 <= box.top < box.bottom <= 1.0
    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)


def test_a_query_names_the_words_whose_tokens_pass_the_text_threshold(model: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    prepared = GroundingDinoLocalizer(model, SETTINGS)._prepare(pixels)
    with torch.inference_mode():
        shares = model(prepared[None], captions=captions(["crack"], model.tokenizer, 256))["pred_logits"][0].sigmoid()
    tokens = model.tokenizer(*captions(["crack"], model.tokenizer, 256))["input_ids"]
    halfway = float(shares[:, : len(tokens)].median())
    split = dataclasses.replace(SETTINGS, text_threshold=halfway)
    found = GroundingDinoLocalizer(model, split).candidates(pixels, ["crack"])
    for (_, score, phrase), share in zip(found, shares, strict=True):
        chosen = [token for token, part in zip(tokens, share.tolist(), strict=False) if part > halfway]
        assert phrase == model.tokenizer.decode(chosen, skip_special_tokens=True).replace(".", "").strip()
        assert score == float(share.max())
    assert any(phrase for _, _, phrase in found)


def test_nothing_above_the_threshold_gives_no_box(model: Any) -> None:
    sure = GroundingSettings(box_threshold=1.0, short_side_px=64, long_side_px=128)
    pixels = np.zeros((40, 40, 3), np.uint8)
    assert GroundingDinoLocalizer(model, sure).locate(pixels, []) == ()


def test_the_caption_joins_generic_words_and_names_in_lower_case(model: Any) -> None:
    (caption,) = captions(["Deep Crack"], model.tokenizer, 256)
    assert caption == "anomaly . damage . broken . defect . contamination . deep crack ."


def test_many_names_make_several_captions_none_too_long_and_none_lost(model: Any) -> None:
    names = [f"flaw{i}" for i in range(300)]
    chunks = captions(names, model.tokenizer, 256)
    assert len(chunks) > 1
    assert all(len(model.tokenizer(chunk)["input_ids"]) <= 256 for chunk in chunks)
    words = [word.strip(" .") for chunk in chunks for word in chunk.split(" . ")]
    assert words == [*GENERIC_WORDS, *names]


@pytest.mark.parametrize("name", ["x" * 500, "a b " * 200, "what? a. b", "🔩", "", "..."])
def test_strange_names_never_make_a_caption_too_long(model: Any, name: str) -> None:
    for chunk in captions([name], model.tokenizer, 256):
        assert len(model.tokenizer(chunk)["input_ids"]) <= 256
        assert "?" not in chunk


def test_boxes_are_clamped_and_large_or_doubtful_ones_dropped() -> None:
    found = [
        ((0.1, 0.5, 0.4, 0.2), 0.5, "crack"),
        ((0.5, 0.5, 0.9, 0.9), 0.9, "the whole part"),
        ((0.5, 0.5, 0.1, 0.1), 0.25, "doubtful"),
        ((1.5, 0.5, 0.2, 0.2), 0.9, "outside"),
    ]
    (box,) = keep_boxes(found, 0.25, 0.7)
    assert (box.left, box.right, box.phrase) == (0.0, pytest.approx(0.3), "crack")
