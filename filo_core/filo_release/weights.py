"""Names of the published file, in both layouts it may have, to the names of our module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_TEXT_DUPLICATES = "text_encoder."
_AFTER_FIRST_IMAGE = {
    ".attn.qkv.weight": ".attn.in_proj_weight",
    ".attn.qkv.bias": ".attn.in_proj_bias",
    ".attn.proj.weight": ".attn.out_proj.weight",
    ".attn.proj.bias": ".attn.out_proj.bias",
}


def our_names(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under the names of :class:`FiLoRelease`.

    A file saved after the first image has renamed attention layers and one block twice; both layouts are accepted.
    """
    renamed = {}
    for name, tensor in published.items():
        if name.startswith((_TEXT_DUPLICATES, "clip_model.visual.attn.")):
            continue
        for theirs, ours in _AFTER_FIRST_IMAGE.items():
            if name.endswith(theirs):
                renamed[name.removesuffix(theirs) + ours] = tensor
                break
        else:
            renamed[name] = tensor
    return renamed
