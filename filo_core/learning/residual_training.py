"""Trains the head that reads residuals: which differences to the nearest good patch are anomalies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from filo_core.errors import FolderError, ProfileError
from filo_core.eyes.residual_head import CHANNELS, ResidualHead, read_residual_head
from filo_core.whole_files import whole_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.learning.residual_samples import Residuals

LARGEST_HEAD_BYTES = 1_000_000
_HIDDEN = 64
_DROPPED = 0.2
_EPOCHS = 6
_RATE = 2e-3
_DECAY = 1e-3
_BATCH = 1024


class _Layers(nn.Module):
    """The head in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(CHANNELS + 1, _HIDDEN)
        self.drop = nn.Dropout(_DROPPED)
        self.second = nn.Linear(_HIDDEN, 1)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """``(n,)`` log-odds of ``(n, C + 1)`` pressed residuals and distances."""
        answers: torch.Tensor = self.second(self.drop(functional.relu(self.first(values))))
        return answers[:, 0]


def train_residual_head(residuals: Residuals, seed: int) -> Iterator[float | ResidualHead]:
    """Train a head: the mean loss of each epoch, the head last. The same residuals and seed give the same head.

    Raises:
        FolderError: if there are no anomalous patches, or no good ones.
    """
    weights = _weights(residuals)
    kept = np.flatnonzero(weights > 0)
    if len(kept) < _BATCH:
        raise FolderError("These residuals are too few to learn from. Gather those of more products.")
    torch.manual_seed(seed)
    model = _Layers()
    values = np.concatenate([residuals.residuals[kept].astype(np.float32), residuals.standard[kept, None]], axis=1)
    seen, wanted = torch.from_numpy(values), torch.from_numpy(residuals.anomalous[kept].astype(np.float32))
    weight = torch.from_numpy(weights[kept])
    steps = len(kept) // _BATCH
    optimiser = torch.optim.AdamW(model.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps * _EPOCHS)
    for _ in range(_EPOCHS):
        order, losses = torch.randperm(len(kept)), []
        for step in range(steps):
            rows = order[step * _BATCH : (step + 1) * _BATCH]
            found = functional.binary_cross_entropy_with_logits(model(seen[rows]), wanted[rows], weight[rows])
            optimiser.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(found.item())
        yield float(np.mean(losses))
    yield ResidualHead(
        identity="",
        trained_by="",
        first=model.first.weight.detach().numpy().T.copy(),
        first_bias=model.first.bias.detach().numpy(),
        second=model.second.weight.detach().numpy()[0],
        bias=model.second.bias.detach().numpy(),
    )


def write_residual_head(path: Path, head: ResidualHead, trained_by: str) -> ResidualHead:
    """Write a head; back comes what is read of the file.

    Raises:
        ProfileError: if it would be larger than :data:`LARGEST_HEAD_BYTES`.
    """
    from safetensors.numpy import save

    tensors = {
        "first": head.first,
        "first_bias": head.first_bias,
        "second": head.second,
        "bias": head.bias,
    }
    content = save(
        {name: np.ascontiguousarray(t, np.float32) for name, t in tensors.items()}, {"trained_by": trained_by}
    )
    if len(content) > LARGEST_HEAD_BYTES:
        raise ProfileError(
            "The head takes {count} bytes, more than the {most} it may.",
            count=len(content),
            most=LARGEST_HEAD_BYTES,
        )
    with whole_file(path) as space:
        space.write_bytes(content)
    return read_residual_head(path)


def _weights(residuals: Residuals) -> NDArray[np.float32]:
    """Every product counts the same, and in each its anomalous patches as much as its good ones."""
    weights = np.zeros(len(residuals), np.float32)
    for product in np.unique(residuals.products):
        own = residuals.products == product
        bad, good = own & residuals.anomalous, own & ~residuals.anomalous
        if bad.any() and good.any():
            weights[bad], weights[good] = 1.0 / bad.sum(), 1.0 / good.sum()
    return weights / max(float(weights[weights > 0].mean()), 1e-9) if weights.any() else weights
