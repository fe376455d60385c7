"""The compact model while it learns: built as the profile builds it, from seeded noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import open_clip
import torch

from filo_core.method.patch_head import attach_patch_head
from filo_core.profiles.seeded import fill_seeded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn


def new_model(architecture: Mapping[str, Any], seed: int, patch_head: int | None = None) -> Any:
    """An ``open_clip.CLIP`` to train, filled with seeded noise; ``patch_head`` as in the profile."""
    model = open_clip.CLIP(**architecture)
    if patch_head is not None:
        attach_patch_head(model, patch_head)
    fill_seeded(model, seed)
    model.visual.to(memory_format=torch.channels_last)
    return model


def trainable(*modules: nn.Module) -> dict[str, nn.Parameter]:
    """Every parameter that learns, by a name that says which module it belongs to."""
    return {
        f"{index}.{name}": parameter
        for index, module in enumerate(modules)
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def normalised(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """``(B, 3, S, S)`` float32 from ``(B, S, S, 3)`` uint8, as the image encoder prepares its input."""
    scaled = pixels.permute(0, 3, 1, 2).float() / 255.0
    shape = (1, 3, 1, 1)
    return (scaled - torch.tensor(mean, device=pixels.device).view(shape)) / torch.tensor(
        std, device=pixels.device
    ).view(shape)
