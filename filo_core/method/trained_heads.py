"""Everything of FiLo++ that is trained, in one container (III-B, III-C3, IV-C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from filo_core.method.adapter import Adapter
from filo_core.method.head_settings import HeadSettings
from filo_core.method.head_start import norm_of, projections
from filo_core.method.interaction import Interaction
from filo_core.method.learned_prompts import LearnedSide
from filo_core.method.scoring import side_shares, upsample_channels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from filo_core.method.interfaces import ImageFeatures


class TrainedHeads(nn.Module):
    """Context vectors, linear layers, MDCI and adapter beside a frozen CLIP.

    Beside a transformer they mean something untrained already: every linear layer and kernel starts at CLIP's last
    norm and projection, and the adapter is the identity. Only the context vectors begin as noise. Beside a
    convolutional tower, whose stages CLIP never projects, linear layers and kernels begin as noise too.

    Args:
        model: the frozen ``open_clip.CLIP``.
        stages: 1-based, of the original path; each has a linear layer.
        settings: which parts there are.
        seed: of what begins as noise.
    """

    def __init__(self, model: Any, stages: Sequence[int], settings: HeadSettings, seed: int = 0) -> None:
        super().__init__()
        joint = model.text_projection.shape[1]
        self.settings = settings
        self.norm = norm_of(model.visual)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            width = model.positional_embedding.shape[1]
            self.prompts = nn.ModuleList(_sides(width, joint, settings))
            self.adapter = _adapter(joint, settings)
            tokens = (torch.empty(settings.deep_tokens, width).normal_(std=0.02) for _ in range(settings.deep_blocks))
            self.deep = nn.ParameterList(tokens)
            linear = projections(model, stages if settings.linear else (), seed)
            self.linear = nn.ModuleList(_projection(one, settings.linear_start) for one in linear)
        self.interaction = nn.ModuleList(
            Interaction(
                settings.kernels,
                projection,
                deformable=settings.deformable,
                dense=settings.convolution == "dense",
                fusion=settings.fusion,
                scale=settings.similarity_scale,
            )
            for projection in projections(model, settings.value_stages if settings.kernels else (), seed)
        )
        self.requires_grad_(requires_grad=False)

    def parameters_of(self, stage: str) -> Mapping[str, Mapping[str, nn.Parameter]]:
        """What a training stage learns (IV-C), by the group that sets the learning rate.

        Args:
            stage: ``"maps"`` (prompts, linear layers, MDCI) or ``"adapter"``.
        """
        if stage == "adapter":
            adapter = dict(self.adapter.named_parameters(prefix="adapter"))
            return {"adapter": adapter} if adapter else {}
        maps = dict(self.linear.named_parameters(prefix="linear"))
        maps |= dict(self.interaction.named_parameters(prefix="interaction"))
        prompts = dict(self.prompts.named_parameters(prefix="prompts"))
        prompts |= dict(self.deep.named_parameters(prefix="deep"))
        groups = {"prompts": prompts, "maps": maps}
        return {name: group for name, group in groups.items() if group}

    def stage_maps(self, features: ImageFeatures, normal: Tensor, anomalous: Tensor, side: int) -> list[Tensor]:
        """M_n and M_a of every linear layer, MDCI and projected V-V stage, ``(2, side, side)`` in [0, 1]. Eq. (2).

        Args:
            features: batch of one, with V-V stages where MDCI reads them.
            normal: ``(D,)`` side feature.
            anomalous: ``(D,)`` side feature.
            side: of the maps in pixels.
        """
        shares = []
        for layer, stage in zip(self.linear, features.stages if self.linear else (), strict=True):
            # APRIL-GAN's layers read tokens as they are.
            tokens = stage[0] if self.settings.linear_start == "noise" else self.norm(stage[0])
            aligned = functional.normalize(layer(tokens).float(), dim=-1)
            shares.append(side_shares(aligned, normal, anomalous, self.settings.similarity_scale))
        for interaction, stage in zip(self.interaction, features.values if self.interaction else (), strict=True):
            patches = self.norm(stage[0]).T.reshape(1, -1, *features.grid)
            shares.append(interaction(patches, normal, anomalous))
        joined = features.value_embeddings if self.settings.value_maps else ()
        shares += [side_shares(one[0], normal, anomalous, self.settings.similarity_scale) for one in joined]
        return [upsample_channels(share.T.reshape(1, 2, *features.grid), side) for share in shares]

    def fused_map(self, maps: Sequence[Tensor]) -> Tensor:
        """M_n and M_a over the stages, ``(2, side, side)``: their mean. Eq. (3)."""
        return torch.stack(list(maps)).mean(dim=0)


def _sides(width: int, joint: int, settings: HeadSettings) -> list[LearnedSide]:
    if not settings.learned_prompts:
        return []
    hidden = max(joint // settings.meta_share, 1) if settings.conditional else 0
    return [LearnedSide(width, joint, settings.context_vectors, hidden=hidden) for _ in ("normal", "anomalous")]


def _adapter(joint: int, settings: HeadSettings) -> nn.Module:
    if settings.adapter == "none":
        return nn.Identity()
    return Adapter(joint, max(joint // settings.adapter_share, 1), residual=settings.adapter == "residual")


def _projection(projection: Tensor, start: str) -> nn.Linear:
    width, joint = projection.shape
    if start == "noise":
        return nn.Linear(width, joint)
    layer = nn.Linear(width, joint, bias=False)
    layer.weight.data.copy_(projection.T)
    return layer
