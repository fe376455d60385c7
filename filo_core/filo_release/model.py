"""The released FiLo network under the names of its checkpoint, and its forward pass step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
ARCHITECTURE: Mapping[str, Any] = {
    "embed_dim": 768,
    "vision_cfg": {"image_size": SIDE, "layers": 24, "width": 1024, "patch_size": 14, "head_width": 64},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 768, "heads": 12, "layers": 12},
    # The release builds plain GELU although OpenAI's weights were trained with QuickGELU.
    "quick_gelu": False,
}
"""Of the released network, for ``open_clip.CLIP``."""
LAYERS = 24
"""Vision blocks: the release counts its stages from them, so a smaller network has as many."""
_META_SHARE, _ADAPTER_SHARE = 16, 2
_GRID = 37
_KERNELS = {"33": (3, 3), "11": (1, 1), "77": (7, 7), "55": (5, 5), "51": (5, 1), "15": (1, 5)}
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_BLUR_SIGMA = 4.0


class _Adapter(nn.Module):
    def __init__(self, joint: int) -> None:
        super().__init__()
        hidden = joint // _ADAPTER_SHARE
        self.fc = nn.Sequential(
            nn.Linear(joint, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, joint, bias=False), nn.SiLU()
        )

    def forward(self, feature: Tensor) -> Tensor:
        return self.fc(feature) + feature  # type: ignore[no-any-return]


class _PromptLearner(nn.Module):
    def __init__(self, joint: int, width: int) -> None:
        super().__init__()
        self.ctx = nn.Parameter(torch.empty(CONTEXT_TOKENS, width))
        self.meta_net = nn.Sequential()
        self.meta_net.add_module("linear1", nn.Linear(joint, joint // _META_SHARE))
        self.meta_net.add_module("relu", nn.ReLU())
        self.meta_net.add_module("linear2", nn.Linear(joint // _META_SHARE, width))


class _LinearDecoder(nn.Module):
    def __init__(self, width: int, joint: int) -> None:
        super().__init__()
        self.fc = nn.ModuleList(nn.Linear(width, joint) for _ in range(4))


class _ConvolutionDecoder(nn.Module):
    def __init__(self, width: int, joint: int) -> None:
        super().__init__()
        for name, kernel in _KERNELS.items():
            layers = nn.ModuleList(nn.Conv2d(width, joint, kernel, padding="same") for _ in range(3))
            self.add_module(f"fc_{name}", layers)

    def branch(self, index: int, grid: Tensor) -> Tensor:
        """Sum of the six kernels of one branch: ``(B, D, rows, columns)``."""
        return torch.stack([getattr(self, f"fc_{name}")[index](grid) for name in _KERNELS]).sum(dim=0)


@dataclass(frozen=True, slots=True, eq=False)
class SeenImage:
    """What the vision tower leaves of one image.

    Attributes:
        encoded: the release's list of seven ``(1, 1370, 1024)`` tensors, aliased as its in-place sums leave them.
        projected: ``(1370, 768)``, ``ln_post`` and projection of all tokens of the last block.
        adapted: ``(768,)``, the class token after the adapter.
    """

    encoded: tuple[Tensor, ...]
    projected: Tensor
    adapted: Tensor

    @property
    def unit(self) -> Tensor:
        """Adapted image feature of length one, ``(768,)``."""
        return functional.normalize(self.adapted, dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class ImagePass(SeenImage):
    """What does not depend on the boxes.

    Attributes:
        shifts: meta-net output of the normal and the anomalous side, each ``(768,)``.
        prompts: raw text features, normal ``(P, 768)`` and anomalous ``(Q, 768)``.
        branches: seven ``(1369, 768)`` branch features before they are normalised, linear ones first.
    """

    shifts: tuple[Tensor, Tensor]
    prompts: tuple[Tensor, Tensor]
    branches: tuple[Tensor, ...]


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
    """Parameters carry the names of the released checkpoint, its text encoder's duplicates left out.

    Args:
        architecture: for ``open_clip.CLIP``; widths, picture and text tower may be smaller than the released ones.
            Shapes said here are the released network's.

    Raises:
        ValueError: unless there are :data:`LAYERS` vision blocks.
    """

    def __init__(self, architecture: Mapping[str, Any] = ARCHITECTURE) -> None:
        super().__init__()
        joint, width = architecture["embed_dim"], architecture["vision_cfg"]["width"]
        if architecture["vision_cfg"]["layers"] != LAYERS:
            raise ValueError(f"FiLo reads {LAYERS} vision blocks, not {architecture['vision_cfg']['layers']}")
        text_width = architecture["text_cfg"]["width"]
        self.clip_model = open_clip.CLIP(**architecture)
        self.decoder_cov = _ConvolutionDecoder(width, joint)
        self.decoder_linear = _LinearDecoder(width, joint)
        self.normal_prompt_learner = _PromptLearner(joint, text_width)
        self.abnormal_prompt_learner = _PromptLearner(joint, text_width)
        self.adapter = _Adapter(joint)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        rows, columns = self.clip_model.visual.grid_size
        return int(rows), int(columns)

    @property
    def side(self) -> int:
        """Of the picture, and of the maps, in pixels."""
        return int(self.clip_model.visual.image_size[0])

    @torch.inference_mode()
    def look(self, image: Tensor, normal_tokens: Tensor, anomalous_tokens: Tensor) -> ImagePass:
        """Everything up to the branch features, for one prepared ``(1, 3, 518, 518)`` image."""
        seen = self.see(image)
        shifts = self.shifts(seen.unit)
        prompts = self.read(shifts, normal_tokens, anomalous_tokens)
        tokens = [entry[0, 1:] for entry in seen.encoded]
        branches = self.branches(tokens[::2], tokens[1::2])
        return ImagePass(seen.encoded, seen.projected, seen.adapted, shifts, prompts, branches)

    @torch.inference_mode()
    def see(self, image: Tensor) -> SeenImage:
        """The vision tower and the adapter on one prepared ``(1, 3, 518, 518)`` image."""
        visual = self.clip_model.visual
        blocks = run_blocks(visual, image, first_value_block=7)
        last_value, last = blocks[LAYERS - 1].value, blocks[LAYERS - 1].output
        assert last_value is not None, "the V-V path runs through the last block"
        # In-place sums of the release turn the seven states it means to return into these.
        encoded = (last_value, last_value, blocks[12].middle, last_value, blocks[18].middle, last_value, last)
        projected = (visual.ln_post(last) @ visual.proj)[0]
        return SeenImage(encoded, projected, self.adapter(projected[0]))

    @torch.inference_mode()
    def shifts(self, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Meta-net outputs of the normal and the anomalous side for the ``(768,)`` unit image feature."""
        return self.normal_prompt_learner.meta_net(unit), self.abnormal_prompt_learner.meta_net(unit)

    @torch.inference_mode()
    def read(
        self, shifts: tuple[Tensor, Tensor], normal_tokens: Tensor, anomalous_tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Raw text features ``(P, 768)`` and ``(Q, 768)`` of the two sides' tokens."""
        return (
            self._text(normal_tokens, self.normal_prompt_learner.ctx + shifts[0]),
            self._text(anomalous_tokens, self.abnormal_prompt_learner.ctx + shifts[1]),
        )

    @torch.inference_mode()
    def branches(self, linear: Sequence[Tensor], convolved: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Seven ``(1369, 768)`` branch features from four and three ``(1369, 1024)`` patch tokens."""
        flat = [self.decoder_linear.fc[index](tokens) for index, tokens in enumerate(linear)]
        grids = [tokens.T.reshape(1, -1, *self.grid) for tokens in convolved]
        return (*flat, *(self.decoder_cov.branch(i, grid)[0].flatten(1).T for i, grid in enumerate(grids)))

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

    def maps(self, seen: ImagePass, position: Position | None) -> Maps:
        """Maps under the prompts of one position, or of all nine, of what was encoded for all."""
        normal, anomalous = seen.prompts
        return self.compare(seen.unit, seen.branches, normal, at_position(anomalous, position))

    @torch.inference_mode()
    def compare(self, unit: Tensor, branches: Sequence[Tensor], normal: Tensor, anomalous: Tensor) -> Maps:
        """Image and branch features against the raw text features of the two sides."""
        sides = [
            functional.normalize(functional.normalize(prompts, dim=-1).mean(dim=0), dim=-1)
            for prompts in (normal, anomalous)
        ]
        joint = torch.stack(sides)
        joint = joint / joint.norm()
        logits = torch.stack(
            [(100.0 * functional.normalize(branch, dim=-1) @ joint.T).T.reshape(2, *self.grid) for branch in branches]
        )
        large = functional.interpolate(logits, size=(self.side, self.side), mode="bilinear", align_corners=True)
        share = large.softmax(dim=1)
        raw = (share[:, 1] - share[:, 0] + 1.0) / 2.0
        return Maps(sides[0], sides[1], joint, joint @ unit, logits, raw, _blur(raw))


def at_position(rows: Tensor, position: Position | None) -> Tensor:
    """Rows of one position among ``(9 Q, ...)`` anomalous ones, or all: states stand outside, positions inside."""
    return rows if position is None else rows[tuple(Position).index(position) :: len(Position)]


def _blur(maps: Tensor) -> Tensor:
    """The release's Gaussian: sigma 4, but only three taps."""
    taps = torch.exp(-(torch.arange(-1.0, 2.0) ** 2) / (2.0 * _BLUR_SIGMA**2)).to(maps.device)
    taps = taps / taps.sum()
    padded = functional.pad(maps[:, None], (1, 1, 1, 1), mode="reflect")
    rows = functional.conv2d(padded, taps.view(1, 1, 3, 1))
    return functional.conv2d(rows, taps.view(1, 1, 1, 3))[:, 0]


def prepare_image(pixels: NDArray[np.uint8], side: int = SIDE) -> Tensor:
    """``(1, 3, side, side)`` float32 from ``(H, W, 3)`` uint8 RGB: PIL bicubic, aspect not kept, CLIP's statistics."""
    resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
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
