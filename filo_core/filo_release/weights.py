"""Names of the published file, in both layouts it may have, to the names of our module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError

if TYPE_CHECKING:
    from torch import Tensor

    from filo_core.filo_release.model import FiLoRelease

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


def load_published(model: FiLoRelease, published: Mapping[str, Tensor]) -> None:
    """Copy a published state into the model.

    Raises:
        ProfileError: if a tensor is missing, left over or of another shape; the message says which.
    """
    try:
        model.load_state_dict(our_names(published), strict=True)
    except RuntimeError as error:
        raise ProfileError(f"This is not the published FiLo checkpoint: {error}") from error
