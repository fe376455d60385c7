"""What the parts of FiLo++ ask of each other.

A profile chooses who answers: the compact profile's own small towers, or CLIP ViT-L/14 and Grounding DINO.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from filo_core.types import Position

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.types import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class ImageFeatures:
    """What one forward pass of the image encoder yields (III-C).

    Attributes:
        image_embedding: ``(B, D)`` float32, L2-normalised, in the joint image-text space.
        stages: one ``(B, N, C)`` float32 tensor a stage, shallow to deep: patch tokens without the class token,
            row-major over ``grid``.
        patch_embeddings: ``(B, N, D)`` float32, L2-normalised: the last block's patch tokens in the joint space.
        grid: rows and columns of patches; ``N = rows * columns``.
        values: ``(B, N, C)`` float32 of the V-V path, one a stage that MDCI reads (III-C3); of the original path in a
            convolutional tower, which has no other; empty where nothing reads them.
        neighbourhoods: ``(B, N / 4, C)`` float32 on half the grid: stages averaged over several patches.
        value_embeddings: ``(B, N, D)`` float32, L2-normalised: each of a transformer's ``values`` in the joint space.
    """

    image_embedding: Tensor
    stages: tuple[Tensor, ...]
    patch_embeddings: Tensor
    grid: tuple[int, int]
    values: tuple[Tensor, ...] = ()
    neighbourhoods: tuple[Tensor, ...] = ()
    value_embeddings: tuple[Tensor, ...] = ()

    @property
    def localising(self) -> tuple[Tensor, ...]:
        """Patches that say where something is without anything trained: of the V-V path, where there is one.

        CLIP's own last block attends to anything but the patch itself: the paper prints its map at 38.4 pixel AUROC.
        """
        return self.value_embeddings or (self.patch_embeddings,)

    @property
    def matched(self) -> tuple[Tensor, ...]:
        """All that eq. (5) looks for in the memory bank: the stages, then the neighbourhoods."""
        return self.stages + self.neighbourhoods


class Backbone(Protocol):
    """Frozen image encoder."""

    @property
    def image_size(self) -> int:
        """Side of the square input in pixels."""
        ...

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """``(1, 3, S, S)`` float32, resized and normalised, from ``(H, W, 3)`` uint8 RGB."""
        ...

    def encode(self, batch: Tensor) -> ImageFeatures:
        """Features of ``(B, 3, S, S)`` prepared images."""
        ...


class TextEncoder(Protocol):
    """Frozen text encoder of the same joint space."""

    def encode(self, prompts: Sequence[str]) -> Tensor:
        """``(P, D)`` float32, L2-normalised, in the order of ``prompts``."""
        ...

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """``(P, L)`` int64, cut at the context length; the end token has the largest number."""
        ...

    def knows(self, phrase: str) -> bool:
        """Whether an anomaly's name means anything to it; what it does not know is never put on a region."""
        ...


@dataclass(frozen=True, slots=True)
class GroundingBox:
    """A box that may hold an anomaly (III-C1), in fractions of the image, clamped to [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    phrase: str


class Localizer(Protocol):
    """Initial localisation (III-C1)."""

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Boxes for ``(H, W, 3)`` uint8 RGB. Empty means: nothing to narrow down to, so nothing is suppressed."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TextAnswer:
    """What the text side says of one image. Each part is computed where it is asked for.

    Attributes:
        probability: p of eq. (1), the anomalous probability of the image, in [0, 1].
        map: M_vl of eq. (4), ``(side, side)`` float32 in [0, 1], from the side in pixels.
        unfiltered: sides of the prompts that runtime filtering would have emptied, so that it was not applied to them.
        positions: at which it asked about anomalies.
        dropped: prompts that runtime filtering left out; None where nothing is filtered.
    """

    probability: Callable[[], float]
    map: Callable[[int], Tensor]
    unfiltered: tuple[str, ...] = ()
    positions: tuple[Position, ...] = tuple(Position)
    dropped: int | None = None


class VisionLanguage(Protocol):
    """The text side set up for one recipe."""

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        """What it says of an image, batch of one."""
        ...


class Detector(Protocol):
    """A model set up for one recipe."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Image score, anomaly map and regions of ``(H, W, 3)`` uint8 RGB of any size."""
        ...
