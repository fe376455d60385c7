"""The compact model while it learns: built as the profile builds it, read at its stages with gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import open_clip
import torch
from torch.nn import functional

from filo_core.profiles.start_weights import fill_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn


def new_model(architecture: Mapping[str, Any], seed: int) -> Any:
    """An ``open_clip.CLIP`` to train, at the start that the untrained profile has.

    Word embeddings do not learn: distinct directions are all the small text tower needs of them.
    """
    model = open_clip.CLIP(**architecture)
    fill_start(model, seed)
    model.token_embedding.weight.requires_grad_(requires_grad=False)
    return model


def trainable(*modules: nn.Module) -> dict[str, nn.Parameter]:
    """Every parameter that learns, by a name that says which module it belongs to."""
    return {
        f"{index}.{name}": parameter
        for index, module in enumerate(modules)
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def patch_stages(
    visual: Any, batch: Tensor, stages: Sequence[int], window: tuple[int, int] = (0, 0)
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Patch tokens of a crop at chosen blocks, and the last block's in the joint space.

    open_clip's own forward wants the full picture; this one takes the positions of a part of it, so that small
    crops teach all positions. At full size both give the same numbers.

    Args:
        visual: open_clip's ``VisionTransformer``.
        batch: ``(B, 3, S, S)`` normalised, S a multiple of the patch size and at most the image size.
        stages: 1-based blocks, ascending.
        window: row and column of the crop's first patch on the full grid.

    Returns:
        One ``(B, N, C)`` a stage, and ``(B, N, D)`` L2-normalised.
    """
    patches = visual.conv1(batch)
    rows, columns = patches.shape[-2:]
    tokens = patches.flatten(2).transpose(1, 2)
    width = tokens.shape[-1]
    positions = visual.positional_embedding[1:].view(*visual.grid_size, width)
    positions = positions[window[0] : window[0] + rows, window[1] : window[1] + columns].reshape(-1, width)
    first = (visual.class_embedding + visual.positional_embedding[0]).expand(len(tokens), 1, width)
    hidden = visual.ln_pre(torch.cat([first.to(tokens.dtype), tokens + positions.to(tokens.dtype)], dim=1))
    kept = []
    for number, block in enumerate(visual.transformer.resblocks, start=1):
        hidden = block(hidden)
        if number in stages:
            kept.append(hidden[:, 1:])
    joint = visual.ln_post(hidden[:, 1:]) @ visual.proj
    return tuple(kept), functional.normalize(joint.float(), dim=-1)


def normalised(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """``(B, 3, S, S)`` float32 from ``(B, S, S, 3)`` uint8, as the image encoder prepares its input."""
    scaled = pixels.permute(0, 3, 1, 2).float() / 255.0
    shape = (1, 3, 1, 1)
    return (scaled - torch.tensor(mean, device=pixels.device).view(shape)) / torch.tensor(
        std, device=pixels.device
    ).view(shape)


def random_window(visual: Any, side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where a crop of ``side`` pixels may lie on the full grid, in patches."""
    room = int(visual.grid_size[0]) - side // int(visual.patch_size[0])
    return int(rng.integers(room + 1)), int(rng.integers(room + 1))
