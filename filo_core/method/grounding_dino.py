"""Grounding DINO as the initial localizer (III-C1), built from local files alone."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib import resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from transformers import BertConfig, BertModel, BertTokenizerFast

from filo_core.method.grounding import keep_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.grounding_settings import GroundingSettings
    from filo_core.method.interfaces import GroundingBox

GENERIC_WORDS = ("anomaly", "damage", "broken", "defect", "contamination")
"""Stand in every caption before the anomaly names."""
_SEPARATOR = " . "
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BUILDING = threading.Lock()
_Query = tuple[float, float, float, float]


class GroundingDinoLocalizer:
    """Boxes around what a caption of anomaly words names.

    Args:
        model: of :func:`build_grounding_dino`.
        settings: thresholds and sizes.
        device: where it computes.
    """

    def __init__(self, model: Any, settings: GroundingSettings, device: str = "cpu") -> None:
        self._model = model.to(device).eval()
        self._settings = settings
        self._device = device
        self._captions = lru_cache(maxsize=8)(partial(captions, tokenizer=model.tokenizer, longest=model.max_text_len))

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Surviving boxes of all caption chunks, best first; empty when none survives."""
        found = self.candidates(pixels, phrases)
        return keep_boxes(found, self._settings.box_threshold, self._settings.area_limit)

    @torch.inference_mode()
    def candidates(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> list[tuple[_Query, float, str]]:
        """Every query's box (centre, width and height in fractions of the image), its score and its phrase."""
        image = self._prepare(pixels)
        found: list[tuple[_Query, float, str]] = []
        for caption in self._captions(tuple(phrases)):
            out = self._model(image[None], captions=[caption])
            shares = out["pred_logits"][0].float().sigmoid().cpu()
            boxes = [(x, y, width, height) for x, y, width, height in out["pred_boxes"][0].float().cpu().tolist()]
            found += zip(boxes, shares.amax(dim=1).tolist(), self._named(shares, caption), strict=True)
        return found

    def _named(self, shares: Tensor, caption: str) -> list[str]:
        """What each query names: the caption's tokens above the text threshold; of most queries there is none."""
        tokens = np.array(self._model.tokenizer(caption)["input_ids"])
        above = (shares[:, : len(tokens)] > self._settings.text_threshold).numpy()
        return [self._words(tokens[: len(row)][row]) if row.any() else "" for row in above]

    def _words(self, tokens: NDArray[np.int64]) -> str:
        return str(self._model.tokenizer.decode(tokens.tolist(), skip_special_tokens=True)).replace(".", "").strip()

    def _prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """``(3, h, w)`` float32: short side as set, aspect kept, ImageNet's statistics."""
        height, width = pixels.shape[:2]
        settings = self._settings
        factor = min(settings.short_side_px / min(height, width), settings.long_side_px / max(height, width))
        size = (max(round(width * factor), 1), max(round(height * factor), 1))
        resized = np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        tensor = torch.from_numpy(resized).permute(2, 0, 1).float() / 255.0
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (_MEAN, _STD))
        return ((tensor - mean) / std).to(self._device)


def captions(phrases: Sequence[str], tokenizer: Any, longest: int) -> tuple[str, ...]:
    """Captions of generic words and anomaly names, none longer than ``longest`` tokens.

    A name that alone is too long is cut; points and question marks inside a name would end it, so they go.
    """
    chunks: list[list[str]] = [[]]
    for phrase in (*GENERIC_WORDS, *phrases):
        word = " ".join(phrase.lower().replace(".", " ").replace("?", " ").split())
        word = _fitting(word, tokenizer, longest)
        if not word:
            continue
        if chunks[-1] and _count(_caption([*chunks[-1], word]), tokenizer) > longest:
            chunks.append([])
        chunks[-1].append(word)
    return tuple(_caption(chunk) for chunk in chunks)


def _caption(words: Sequence[str]) -> str:
    return _SEPARATOR.join(words) + " ."


def _count(caption: str, tokenizer: Any) -> int:
    return len(tokenizer(caption)["input_ids"])


def _fitting(word: str, tokenizer: Any, longest: int) -> str:
    # Cut to whole words first: what a tokenizer makes of half a word is anyone's guess.
    while word and _count(_caption([word]), tokenizer) > longest:
        word = word.rpartition(" ")[0] or word[: len(word) // 2]
    return word


def build_grounding_dino(settings: GroundingSettings, bert: Mapping[str, Any], vocabulary: Path) -> Any:
    """The network with random weights. No hub and no network is asked, whatever the environment says.

    Args:
        settings: names the package's configuration.
        bert: keyword arguments of ``transformers.BertConfig``.
        vocabulary: ``vocab.txt`` of the BERT tokenizer.
    """
    from groundingdino.models import build_model
    from groundingdino.util.slconfig import SLConfig

    with resources.as_file(resources.files("groundingdino.config") / f"{settings.config}.py") as path:
        config = SLConfig.fromfile(str(path))
    # Checkpointing saves memory in training only.
    for name, value in {"use_checkpoint": False, "use_transformer_ckpt": False, **settings.changes}.items():
        setattr(config, name, value)
    with _local_bert(bert, vocabulary):
        model = build_model(config)
    return model.requires_grad_(requires_grad=False)


@contextmanager
def _local_bert(bert: Mapping[str, Any], vocabulary: Path) -> Iterator[None]:
    """Hand the package a BERT built here: its own way is ``from_pretrained``, which would ask a hub."""
    from groundingdino.models.GroundingDINO import groundingdino as package

    def tokenizer(_: str) -> BertTokenizerFast:
        return BertTokenizerFast(vocab_file=str(vocabulary), do_lower_case=True)

    def language_model(_: str) -> BertModel:
        # The package hands over a mask a phrase, which only the eager attention takes.
        return BertModel(BertConfig(**bert, attn_implementation="eager"))

    with _BUILDING:
        theirs = package.get_tokenlizer
        package.get_tokenlizer = SimpleNamespace(get_tokenlizer=tokenizer, get_pretrained_language_model=language_model)
        try:
            yield
        finally:
            package.get_tokenlizer = theirs
