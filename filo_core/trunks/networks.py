"""How the networks of the trunks are fed, and what can be read from them. Loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

from filo_core.trunks.specs import Network

INPUT = "pixels"
"""Name of every graph's input: ``(1, 3, H, W)`` float32, normalised."""


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Numbers of a network that whoever feeds it must know."""

    multiple: int
    """Height and width of its input are multiples of this many pixels."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Of its input, in units of 0 to 1."""
    outputs: tuple[str, ...]
    """Names of what its graph gives out; each ``(1, C, h, w)``."""
    strides: tuple[int, ...]
    """Pixels of the input a cell of each output."""
    rounded: bool = False
    """Whether a CPU runs it with weights of 8 bits: worth it where matrix products are nearly all of the work."""

    def stride(self, output: str) -> int:
        """Pixels of the input a cell of this output."""
        return self.strides[self.outputs.index(output)]


LITE0_BLOCKS = (1, 2, 3, 4)
DINO_BLOCKS = tuple(range(4, 11))
"""0-based; behind the last the fine-tune no longer localises, and the published one gains nothing."""

SHAPES = {
    Network.LITE0: NetworkShape(
        multiple=16,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        outputs=tuple(f"b{block}" for block in LITE0_BLOCKS),
        strides=(4, 8, 16, 16),
    ),
    Network.DINOV2_S: NetworkShape(
        multiple=14,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        outputs=tuple(f"l{block}" for block in DINO_BLOCKS),
        strides=(14,) * len(DINO_BLOCKS),
        rounded=True,
    ),
}
