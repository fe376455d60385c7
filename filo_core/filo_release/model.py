"""The released FiLo network under the names of its checkpoint, and its forward pass step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import open_clip
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from filo_core.filo_release.boxes import SIDE
from filo_core.method.vv_attention import run_blocks
from filo_core.types import Position

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTEXT_TOKENS = 12
_ARCHITECTURE = {
    "embed_dim": 768,
    "vision_cfg": {"image_size": SIDE, "layers": 24, "width": 1024, "patch_size": 14, "head_width": 64},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 768, "heads": 12, "layers": 12},
    # The release builds plain GELU although OpenAI's weights were trained with QuickGELU.
    "quick_gelu": False,
}
_GRID = 37
_KERNELS = {"33": (3, 3), "11": (1, 1), "77": (7, 7), "55": (5, 5), "51": (5, 1), "15": (1, 5)}
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_BLUR_SIGMA = 4.0


class _Adapter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(768, 384, bias=False), nn.ReLU(), nn.Linear(384, 768, bias=False), nn.SiLU())

    def forward(self, feature: Tensor) -> Tensor:
        return self.fc(feature) + feature  # type: ignore[no-any-return]


class _PromptLearner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ctx = nn.Parameter(torch.empty(CONTEXT_TOKENS, 768))
        self.meta_net = nn.Sequential()
        self.meta_net.add_module("linear1", nn.Linear(768, 48))
        self.meta_net.add_module("relu", nn.ReLU())
        self.meta_net.add_module("linear2", nn.Linear(48, 768))


class _LinearDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.ModuleList(nn.Linear(1024, 768) for _ in range(4))


class _ConvolutionDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, kernel in _KERNELS.items():
            layers = nn.ModuleList(nn.Conv2d(1024, 768, kernel, padding="same") for _ in range(3))
            self.add_module(f"fc_{name}", layers)

    def branch(self, index: int, grid: Tensor) -> Tensor:
        """Sum of the six kernels of one branch: ``(B, 768, 37, 37)``."""
        return torch.stack([getattr(self, f"fc_{name}")[index](grid) for name in _KERNELS]).sum(dim=0)


@dataclass(frozen=True, slots=True, eq=False)
class ImagePass:
    """What does not depend on the boxes.

    Attributes:
        encoded: the release's list of seven ``(1, 1370, 1024)`` tensors, aliased as its in-place sums leave them.
        projected: ``(1370, 768)``, ``ln_post`` and projection of all tokens of the last block.
        adapted: ``(768,)``, the class token after the adapter.
        shifts: meta-net output of the normal and the anomalous side, each ``(768,)``.
        prompts: raw text features, normal ``(P, 768)`` and anomalous ``(Q, 768)``.
        branches: seven ``(1369, 768)`` branch features before they are normalised, linear ones first.
    """

    encoded: tuple[Tensor, ...]
    projected: Tensor
    adapted: Tensor
    shifts: tuple[Tensor, Tensor]
    prompts: tuple[Tensor, Tensor]
    branches: tuple[Tensor, ...]

    @property
    def unit(self) -> Tensor:
        """Adapted image feature of length one, ``(768,)``."""
        return functional.normalize(self.adapted, dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What one choice of position gives: sides, ``(7, 2, 37, 37)`` logits, and ``(7, 518, 518)`` maps."""

    normal: Tensor
    anomalous: Tensor
    joint: Tensor
    similarities: Tensor
    logits: Tensor
    raw: Tensor
    blurred: Tensor

    @property
    def fused(self) -> Tensor:
        """``(518, 518)`` mean of the blurred maps."""
        return self.blurred.mean(dim=0)

    @property
    def score(self) -> float:
        """Raw anomalous cosine and the map's maximum, halved; the map is not suppressed yet."""
        return (float(self.similarities[1]) + float(self.fused.max())) / 2.0


class FiLoRelease(nn.Module):
    """Parameters carry the names of the released checkpoint, its text encoder's duplicates left out."""

    def __init__(self) -> None:
        super().__init__()
        self.clip_model = open_clip.CLIP(**_ARCHITECTURE)
        self.decoder_cov = _ConvolutionDecoder()
        self.decoder_linear = _LinearDecoder()
        self.normal_prompt_learner = _PromptLearner()
        self.abnormal_prompt_learner = _PromptLearner()
        self.adapter = _Adapter()

    @torch.inference_mode()
    def look(self, image: Tensor, normal_tokens: Tensor, anomalous_tokens: Tensor) -> ImagePass:
        """Everything up to the branch features, for one prepared ``(1, 3, 518, 518)`` image."""
        visual = self.clip_model.visual
        blocks = run_blocks(visual, image, first_value_block=7)
        last_value, last = blocks[23].value, blocks[23].output
        assert last_value is not None, "the V-V path runs through the last block"
        # In-place sums of the release turn the seven states it means to return into these.
        encoded = (last_value, last_value, blocks[12].middle, last_value, blocks[18].middle, last_value, last)
        projected = (visual.ln_post(last) @ visual.proj)[0]
        adapted = self.adapter(projected[0])
        unit = functional.normalize(adapted, dim=-1)
        shifts = (self.normal_prompt_learner.meta_net(unit), self.abnormal_prompt_learner.meta_net(unit))
        prompts = (
            self._text(normal_tokens, self.normal_prompt_learner.ctx + shifts[0]),
            self._text(anomalous_tokens, self.abnormal_prompt_learner.ctx + shifts[1]),
        )
        linear = [self.decoder_linear.fc[i](encoded[2 * i][0, 1:]) for i in range(4)]
        grids = [encoded[2 * i + 1][:, 1:].transpose(1, 2).reshape(1, -1, _GRID, _GRID) for i in range(3)]
        convolved = [self.decoder_cov.branch(i, grid)[0].flatten(1).T for i, grid in enumerate(grids)]
        return ImagePass(encoded, projected, adapted, shifts, prompts, (*linear, *convolved))

    def _text(self, tokens: Tensor, context: Tensor) -> Tensor:
        clip = self.clip_model
        ends = tokens.argmax(dim=1)
        # A causal mask: what follows the longest end token has no effect.
        length = int(ends.max()) + 1
        embedded = clip.token_embedding(tokens[:, :length]).clone()
        embedded[:, 1 : 1 + CONTEXT_TOKENS] = context
        hidden = embedded + clip.positional_embedding[:length]
        mask = torch.full((length, length), -math.inf, device=hidden.device).triu(1)
        hidden = clip.ln_final(clip.transformer(hidden, attn_mask=mask))
        return hidden[torch.arange(len(tokens)), ends] @ clip.text_projection  # type: ignore[no-any-return]

    @torch.inference_mode()
    def maps(self, seen: ImagePass, position: Position | None) -> Maps:
        """Maps under the prompts of one position, or of all nine.

        Anomalous prompts stand state by state, the nine positions inside each.
        """
        normal, anomalous = (functional.normalize(prompts, dim=-1) for prompts in seen.prompts)
        if position is not None:
            anomalous = anomalous[tuple(Position).index(position) :: len(Position)]
        sides = [functional.normalize(side.mean(dim=0), dim=-1) for side in (normal, anomalous)]
        joint = torch.stack(sides)
        joint = joint / joint.norm()
        logits = torch.stack(
            [
                (100.0 * functional.normalize(branch, dim=-1) @ joint.T).T.reshape(2, _GRID, _GRID)
                for branch in seen.branches
            ]
        )
        large = functional.interpolate(logits, size=(SIDE, SIDE), mode="bilinear", align_corners=True)
        share = large.softmax(dim=1)
        raw = (share[:, 1] - share[:, 0] + 1.0) / 2.0
        return Maps(sides[0], sides[1], joint, joint @ seen.unit, logits, raw, _blur(raw))


def _blur(maps: Tensor) -> Tensor:
    """The release's Gaussian: sigma 4, but only three taps."""
    taps = torch.exp(-(torch.arange(-1.0, 2.0) ** 2) / (2.0 * _BLUR_SIGMA**2)).to(maps.device)
    taps = taps / taps.sum()
    padded = functional.pad(maps[:, None], (1, 1, 1, 1), mode="reflect")
    rows = functional.conv2d(padded, taps.view(1, 1, 3, 1))
    return functional.conv2d(rows, taps.view(1, 1, 1, 3))[:, 0]


def prepare_image(pixels: NDArray[np.uint8]) -> Tensor:
    """``(1, 3, 518, 518)`` float32 from ``(H, W, 3)`` uint8 RGB: PIL bicubic, aspect not kept, CLIP's statistics."""
    resized = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    tensor = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255.0
    return ((tensor - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_STD).view(3, 1, 1))[None]


def prompt_tokens(normal: Sequence[str], anomalous: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Tokens ``(P, 77)`` and ``(9 Q, 77)`` of the two sides: learnable slots first, then state and position."""
    tokenize = open_clip.tokenizer.SimpleTokenizer(context_length=77)
    slots = " ".join(["X"] * CONTEXT_TOKENS)
    placed = [f"{slots} {state} at {position.value}." for state in anomalous for position in Position]
    return tokenize([f"{slots} {state}." for state in normal]), tokenize(placed)


def resize_position_table(table: Tensor) -> Tensor:
    """``(1370, 1024)`` table for 37×37 patches from the ``(577, 1024)`` one of the OpenAI weights, bicubic."""
    side = math.isqrt(table.shape[0] - 1)
    grid = table[1:].T.reshape(1, -1, side, side)
    resized = functional.interpolate(grid, size=(_GRID, _GRID), mode="bicubic", align_corners=False)
    return torch.cat([table[:1], resized[0].flatten(1).T])
