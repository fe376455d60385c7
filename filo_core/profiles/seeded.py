"""Reproducible noise in place of weights: the same numbers on every machine and every torch release."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import nn

_EMBEDDING_STD = 0.02


@torch.no_grad()
def fill_seeded(model: nn.Module, seed: int) -> None:
    """Fill every parameter of ``model`` in place from PCG64 seeded by ``seed`` and the CRC-32 of its name.

    Linear and convolution weights get a variance of 1 / fan-in, so that distances between inputs survive the
    layers; biases become zero, norms and the logit scale stay at what the constructor sets them to.
    """
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
            continue
        if parameter.ndim < 2 and not name.endswith("class_embedding"):
            continue
        generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
        noise = torch.from_numpy(generator.standard_normal(tuple(parameter.shape), dtype=np.float32))
        if "embedding" in name:
            scale = _EMBEDDING_STD
        elif name.endswith(("proj", "text_projection")):
            scale = 1.0 / math.sqrt(parameter.shape[0])
        else:
            scale = 1.0 / math.sqrt(parameter[0].numel())
        parameter.copy_(noise * scale)
