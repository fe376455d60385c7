"""A small trained head that reads how a patch differs from the good patch nearest to it.

A distance says how far two patches are apart, not in what. The head sees the difference itself, channel by channel and
with its signs, in units of what the product's good parts show among each other, and says how much it looks like an
anomaly rather than like another light, another pose or another piece of the same material. (Residual features, as in
ResAD, NeurIPS 2024, and InCTRL, CVPR 2024; here on a light trunk, and beside the distances rather than in their place.)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError
from filo_core.shipped_tensors import none_in, read_shipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CHANNELS = 152
"""Of the light trunk's blocks 2 and 4, which are the last ones of its features at every size."""
LEAST_SCALE = 1e-3
"""Of a channel's difference: parts that are alike to the pixel would make anything large."""
LEAST_DEVIATION = 0.25
"""Of the head's answers for good parts, for the same reason."""
TENSORS = ("first", "first_bias", "second", "bias")
_WHAT = "head for residuals"


@dataclass(frozen=True, slots=True)
class ResidualSpread:
    """What good parts show among each other: size of a difference, and the head's answers for it."""

    scale: float
    mean: float = 0.0
    deviation: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ResidualHead:
    """Two layers. Shapes: ``first`` (C + 1, H), ``first_bias`` (H,), ``second`` (H,), ``bias`` (1,)."""

    identity: str
    """SHA-256 of its file."""
    trained_by: str
    first: Floats
    first_bias: Floats
    second: Floats
    bias: Floats

    def logits(self, residuals: Floats, standard: Floats, scale: float) -> Floats:
        """``(N,)``: log-odds that each patch is anomalous.

        Args:
            residuals: ``(N, C)``: patches less the good ones nearest to them, see :func:`residuals_of`.
            standard: ``(N,)``: their distances in deviations among good parts.
            scale: size of a difference among good parts.
        """
        hidden = pressed(residuals, scale) @ self.first[:-1]
        hidden += pressed(standard, 1.0)[:, None] * self.first[-1] + self.first_bias
        return np.asarray(np.maximum(hidden, 0.0, out=hidden) @ self.second + self.bias, np.float32)

    def deviations(self, residuals: Floats, standard: Floats, spread: ResidualSpread) -> Floats:
        """:meth:`logits` in deviations from the mean of good parts."""
        found = self.logits(residuals, standard, spread.scale)
        return np.asarray((found - np.float32(spread.mean)) / np.float32(spread.deviation), np.float32)


def residuals_of(patches: Floats, nearest: Floats) -> Floats:
    """``(N, C)`` differences in the channels that the head reads, of two ``(N, C or more)``."""
    return np.asarray(patches[:, -CHANNELS:] - nearest[:, -CHANNELS:], np.float32)


def scale_of(residuals: Floats) -> float:
    """Size of a channel's difference among good parts: the root of the mean square."""
    return max(float(np.sqrt(np.mean(np.square(residuals), dtype=np.float64))), LEAST_SCALE)


def pressed(values: Floats, scale: float) -> Floats:
    """Values in units of ``scale``, pressed into (-1, 1): one huge difference must not drown all others."""
    return np.asarray(values / (np.abs(values) + np.float32(scale)), np.float32)


def spread_of_good(residuals: Floats, standard: Floats, head: ResidualHead | None) -> ResidualSpread:
    """Of good parts that were each held against the others.

    Args:
        residuals: ``(N, C)``.
        standard: ``(N,)``: their distances in deviations.
        head: None measures the size of the differences alone.
    """
    scale = scale_of(residuals)
    if head is None:
        return ResidualSpread(scale)
    found = head.logits(residuals, standard, scale)
    deviation = max(float(found.std(dtype=np.float64)), LEAST_DEVIATION)
    return ResidualSpread(scale, float(found.mean(dtype=np.float64)), deviation)


def read_residual_head(path: Path, sha256: str = "") -> ResidualHead:
    """The head in a safetensors file.

    Args:
        path: of the file.
        sha256: what its content must hash to; empty asks for nothing.

    Raises:
        ProfileError: if it is missing, altered, cut short, of other shapes, or holds values that are not numbers.
    """
    found = read_shipped(path, sha256, _WHAT)
    try:
        own = {name: found.tensors[name] for name in TENSORS}
        head = ResidualHead(found.identity, found.about["trained_by"], **own)
    except (KeyError, TypeError) as error:
        raise none_in(path, _WHAT, error) from error
    hidden = head.second.shape
    if head.first.shape != (CHANNELS + 1, *hidden) or head.first_bias.shape != hidden or head.bias.shape != (1,):
        raise ProfileError(
            "{path} holds a head of other shapes than this program reads. Install the profile again.", path=path
        )
    return head
