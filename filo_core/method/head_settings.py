"""Switches and numbers of everything that is trained beside the frozen CLIP (III-B, III-C3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ALL_KERNELS = ((1, 1), (3, 3), (5, 5), (7, 7), (1, 5), (5, 1))
"""Height and width in patches (Fig. 4)."""


def kernels_for(*, multi_shape: bool, multi_scale: bool) -> tuple[tuple[int, int], ...]:
    """Kernels of Table IV's rows: one 3×3, several squares, bars as well, or all six."""
    if multi_shape and multi_scale:
        return ALL_KERNELS
    if multi_scale:
        return tuple(size for size in ALL_KERNELS if size[0] == size[1])
    return ((3, 3), (1, 5), (5, 1)) if multi_shape else ((3, 3),)


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Which trained parts a profile has; Tables III, IV and VI differ in these."""

    learned_prompts: bool = True
    conditional: bool = True
    """CoCoOp; otherwise CoOp (Table VI)."""
    class_name: bool = True
    """Class name in the learnable templates; otherwise "object"."""
    described: bool = True
    """Anomaly types in the prompts; without them the generic states alone (Table III)."""
    fixed_templates: bool = True
    """The fixed family joins the learnable one."""
    filtering: bool = True
    """Runtime prompt filtering, at inference only."""
    ensemble: Literal["filo++", "april-gan"] = "filo++"
    """Whose fixed templates and states (see :mod:`filo_core.method.ensembles`)."""
    states: Literal["all", "one"] = "all"
    """Of the learnable templates: all of III-B2, or ``{}`` against ``damaged {}``, as AnomalyCLIP has it."""
    context_vectors: int = 12
    """A side; 12 is the best of Fig. 3."""
    meta_share: int = 16
    """The meta-net's hidden layer is the joint width over this."""
    deep_tokens: int = 0
    """Learned tokens in the first places of the context, anew in further blocks of the text tower (AnomalyCLIP)."""
    deep_blocks: int = 0
    """Blocks that get such tokens, from the second on."""
    linear: bool = True
    linear_start: Literal["clip", "noise"] = "clip"
    """``clip``: CLIP's last norm and projection; ``noise``: APRIL-GAN's, with a bias, on the tokens as they are."""
    value_maps: bool = False
    """V-V stages meet the text through CLIP's own norm and projection, nothing learned on them (AnomalyCLIP)."""
    kernels: tuple[tuple[int, int], ...] = ALL_KERNELS
    """Of MDCI, odd sides; empty leaves it out."""
    deformable: bool = True
    convolution: Literal["dense", "depthwise"] = "depthwise"
    """Dense costs 222 million parameters at ViT-L; both start as the same map."""
    fusion: Literal["prob", "feature"] = "prob"
    """``prob``: softmax a kernel, then the mean, as eq. (2) reads; ``feature``: the release's sum of features."""
    value_stages: tuple[int, ...] = ()
    """1-based blocks whose V-V output MDCI reads; stages of a convolutional tower."""
    first_value_block: int = 7
    """1-based block in which the V-V path begins."""
    adapter: Literal["residual", "literal", "none"] = "residual"
    """``literal``: Algorithm 1 without the residual; it means nothing before it is trained."""
    adapter_share: int = 2
    """The adapter's bottleneck is the joint width over this."""
    positions: Literal["union", "top1"] = "union"
    """Cells of all boxes, or of the best one."""
    similarity_scale: float = 100.0
    """Of the two-way softmax in eqs. (1) and (2); 1/0.07 in eq. (1) once the adapter is trained."""
    score_scale: float = 100.0

    @property
    def read_values(self) -> tuple[int, ...]:
        """V-V stages that something reads."""
        return self.value_stages if self.kernels or self.value_maps else ()
