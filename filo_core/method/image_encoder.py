"""Frozen CLIP image encoder, read at several depths through open_clip's own hooks (III-C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from filo_core.method.interfaces import ImageFeatures
from filo_core.method.vv_attention import ValuePath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor


class OpenClipImageEncoder:
    """Patch tokens of chosen transformer blocks and the joint-space embeddings of an open_clip model.

    Args:
        model: an ``open_clip.CLIP`` whose vision tower is a ``VisionTransformer``.
        stages: 1-based transformer blocks, ascending (``6, 12, 18, 24`` in IV-C).
        mean: per channel, RGB, in [0, 1].
        std: the same.
        value_stages: 1-based blocks whose V-V output is wanted as well, ascending.
        first_value_block: 1-based block in which the V-V path begins.
    """

    def __init__(
        self,
        model: Any,
        stages: Sequence[int],
        mean: Sequence[float],
        std: Sequence[float],
        device: str = "cpu",
        *,
        value_stages: Sequence[int] = (),
        first_value_block: int = 1,
    ) -> None:
        self._visual = model.visual.to(device).eval()
        depth = len(self._visual.transformer.resblocks)
        if not stages or list(stages) != sorted(set(stages)) or not 1 <= stages[0] <= stages[-1] <= depth:
            raise ValueError(f"stages must ascend within 1..{depth}, got {list(stages)}")
        within = all(first_value_block <= stage <= depth for stage in value_stages)
        if not within or list(value_stages) != sorted(set(value_stages)):
            raise ValueError(f"V-V stages must ascend within {first_value_block}..{depth}, got {list(value_stages)}")
        self._value_stages = tuple(value_stages)
        self._first_value_block = first_value_block
        # The last block is read as well: its patch tokens are projected into the joint space.
        self._indices = sorted({stage - 1 for stage in stages} | {depth - 1})
        self._kept = [self._indices.index(stage - 1) for stage in stages]
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)
        self._device = device
        size = self._visual.image_size
        self.image_size = int(size[0] if isinstance(size, tuple) else size)

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Squeeze to the input square (aspect is not kept, as in the release), bicubic with antialiasing."""
        side = self.image_size
        resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
        tensor = torch.from_numpy(np.array(resized)).to(self._device).permute(2, 0, 1)[None].float() / 255.0
        return (tensor - self._mean) / self._std

    @torch.inference_mode()
    def encode(self, batch: Tensor) -> ImageFeatures:
        """One pass; see :class:`~filo_core.method.interfaces.ImageFeatures` for the shapes."""
        visual = self._visual
        with ValuePath(visual, self._first_value_block, self._value_stages) as path:
            out = visual.forward_intermediates(batch, indices=self._indices, output_fmt="NLC")
        tokens = out["image_intermediates"]
        # open_clip's NLC output carries no prefix tokens, so rows are patches already.
        values = [value[:, 1:] for value in path.values]
        return ImageFeatures(
            image_embedding=functional.normalize(out["image_features"].float(), dim=-1),
            stages=tuple(tokens[i].float() for i in self._kept),
            patch_embeddings=self._joint(tokens[-1]),
            grid=(int(visual.grid_size[0]), int(visual.grid_size[1])),
            values=tuple(value.float() for value in values),
            value_embeddings=tuple(self._joint(value) for value in values),
        )

    def _joint(self, tokens: Tensor) -> Tensor:
        """``(B, N, D)`` of ``(B, N, C)``: in the joint space, L2-normalised."""
        last = self._visual.ln_post(tokens)
        joint = last if self._visual.proj is None else last @ self._visual.proj
        return functional.normalize(joint.float(), dim=-1)
