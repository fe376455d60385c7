"""The trunks as torch modules, filled from the files they were published as. Needed at set-up only."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import timm
import torch
from torch import nn

from filo_core.errors import ProfileError
from filo_core.profiles.unpickle import to_safetensors
from filo_core.trunks.networks import DINO_BLOCKS, LITE0_BLOCKS
from filo_core.trunks.specs import Network, TrunkSpec

if TYPE_CHECKING:
    from torch import Tensor

_DINO = "vit_small_patch14_dinov2"
_PATCH = 14
_CUBIC = -0.75
"""The kernel's constant in torch."""
_OUTER = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
_FIRST = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
_INNER = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}


class Lite0Stages(nn.Module):
    """EfficientNet-Lite0 up to its last block that is matched."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.stem, self.norm = network.conv_stem, network.bn1
        self.blocks = network.blocks[: max(LITE0_BLOCKS) + 1]

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Outputs of :data:`LITE0_BLOCKS`, each ``(B, C, h, w)``."""
        x, kept = self.norm(self.stem(pixels)), []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LITE0_BLOCKS:
                kept.append(x)
        return tuple(kept)


class DinoStages(nn.Module):
    """DINOv2 ViT-S/14 up to its last block that is matched, for any input of whole patches."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.embed = network.patch_embed.proj
        self.blocks = network.blocks[: max(DINO_BLOCKS) + 1]
        for block in self.blocks:
            # The exporter writes out plain attention; eager torch is held against it by the same steps.
            block.attn.fused_attn = False
        side = round((network.pos_embed.shape[1] - 1) ** 0.5)
        self.first = nn.Parameter(network.cls_token + network.pos_embed[:, :1])
        self.positions = nn.Parameter(network.pos_embed[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2))

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Outputs of :data:`DINO_BLOCKS` without the class token, each ``(B, C, h, w)``."""
        tokens, size = self.embedded(pixels)
        kept = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index in DINO_BLOCKS:
                kept.append(tokens[:, 1:].transpose(1, 2).reshape(pixels.shape[0], -1, *size))
        return tuple(kept)

    def embedded(self, pixels: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Input of the first block, class token first, and the rows and columns of patches."""
        size = (pixels.shape[2] // _PATCH, pixels.shape[3] // _PATCH)
        down, across = (cubic_weights(cells, self.positions.shape[2]) for cells in size)
        # In this order: a constant on the right of a product would get 8 bits.
        places = down @ (self.positions @ across.T)
        patches = (self.embed(pixels) + places).flatten(2).transpose(1, 2)
        return torch.cat([self.first.expand(pixels.shape[0], -1, -1), patches], 1), size


class WholeDino(nn.Module):
    """DINOv2 ViT-S/14 with all its blocks and its last norm, for any input of whole patches."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.stages = DinoStages(network)
        self.stages.blocks = network.blocks
        self.norm = network.norm

    def forward(self, pixels: Tensor) -> Tensor:
        """Patch tokens of the last block behind the last norm, ``(B, C, h, w)``."""
        tokens, size = self.stages.embedded(pixels)
        for block in self.stages.blocks:
            tokens = block(tokens)
        patches: Tensor = self.norm(tokens)[:, 1:]
        return patches.transpose(1, 2).reshape(pixels.shape[0], -1, *size)


def cubic_weights(cells: Any, known: int) -> Tensor:
    """Matrix ``(cells, known)`` that stretches ``known`` values to ``cells`` as torch's bicubic ``interpolate`` does.

    ``interpolate`` itself becomes a ``Resize`` in the graph, which took ONNX Runtime half the time of a picture.
    """
    at = (torch.arange(cells, dtype=torch.float32) + 0.5) * (known / cells) - 0.5
    first = at.floor()
    far = (at - first)[:, None] - torch.tensor([-1.0, 0.0, 1.0, 2.0])
    near = far.abs()
    inner = ((_CUBIC + 2) * near - (_CUBIC + 3)) * near * near + 1
    outer = ((_CUBIC * near - 5 * _CUBIC) * near + 8 * _CUBIC) * near - 4 * _CUBIC
    weights = torch.where(near <= 1, inner, outer)
    # Beyond the border the outermost value goes on.
    source = (first[:, None] + torch.tensor([-1.0, 0.0, 1.0, 2.0])).clamp(0, known - 1)
    hit = source[:, :, None] == torch.arange(known, dtype=torch.float32)
    stretched: Tensor = (weights[:, :, None] * hit.float()).sum(dim=1)
    return stretched


def eager_trunk(spec: TrunkSpec, file: Path) -> nn.Module:
    """The trunk in eager torch, from the file it was published as.

    Raises:
        ProfileError: if the file holds another network, code, or numbers that are none.
    """
    read = {".pth": _from_checkpoint, ".safetensors": _from_safetensors, ".onnx": _from_onnx}.get(file.suffix)
    if read is None:
        raise ProfileError("{file} is of no kind that weights are read from: .pth, .safetensors or .onnx.", file=file)
    weights = read(file)
    broken = next((name for name, tensor in weights.items() if not torch.isfinite(tensor.float()).all()), None)
    if broken is not None:
        raise ProfileError(
            "{file} is of no use: {broken} holds values that are not numbers. Get it again.", file=file, broken=broken
        )
    build = _lite0 if spec.network is Network.LITE0 else _dino
    try:
        return build(weights).eval().requires_grad_(requires_grad=False)
    except (RuntimeError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[0][:200]
        raise ProfileError(
            "{file} holds another network than {title}: {first}. Get the right file.",
            file=file,
            title=spec.title,
            first=first,
        ) from error


def whole_dino(spec: TrunkSpec, file: Path) -> nn.Module:
    """The whole of the published DINOv2 in eager torch.

    Raises:
        ProfileError: if the file holds another network.
    """
    network = timm.create_model(_DINO, pretrained=False, num_classes=0)
    try:
        network.load_state_dict(_from_safetensors(file))
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0][:200]
        raise ProfileError(
            "{file} holds another network than {title}: {first}. Get the right file.",
            file=file,
            title=spec.title,
            first=first,
        ) from error
    return WholeDino(network).eval().requires_grad_(requires_grad=False)


def _lite0(weights: Mapping[str, Tensor]) -> nn.Module:
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    names = published_names(network.state_dict())
    if set(weights) != set(names.values()):
        raise KeyError(f"it names other tensors, such as {min(set(weights) ^ set(names.values()))}")
    network.load_state_dict({ours: weights[theirs] for ours, theirs in names.items()})
    return Lite0Stages(network)


def published_names(ours: Iterable[str]) -> dict[str, str]:
    """Name of each of timm's tensors of EfficientNet-Lite0 in the published checkpoint, which counts blocks through."""
    places = dict.fromkeys(name.split(".")[1] + "." + name.split(".")[2] for name in ours if name.startswith("blocks."))
    number = {place: index for index, place in enumerate(places)}
    return {name: _published_name(name, number) for name in ours}


def _published_name(name: str, number: Mapping[str, int]) -> str:
    part, _, rest = name.partition(".")
    if part != "blocks":
        return f"{_OUTER[part]}.{rest}"
    stage, index, layer, rest = rest.split(".", 3)
    # The first block has no expansion, so its layers are counted from another one on.
    layers = _FIRST if number[f"{stage}.{index}"] == 0 else _INNER
    return f"_blocks.{number[f'{stage}.{index}']}.{layers[layer]}.{rest}"


def _dino(weights: Mapping[str, Tensor]) -> nn.Module:
    network = timm.create_model(_DINO, pretrained=False, num_classes=0)
    wanted = network.state_dict()
    # The last norm lies behind all that is read, and the fine-tune's file does not name it.
    unread = {name: wanted[name] for name in ("norm.weight", "norm.bias")}
    network.load_state_dict({**unread, **weights})
    return DinoStages(network)


def _from_checkpoint(file: Path) -> dict[str, Tensor]:
    with tempfile.TemporaryDirectory(prefix="filo-trunk-") as space:
        plain = Path(space) / "plain.safetensors"
        to_safetensors(file, plain)
        return _from_safetensors(plain)


def _from_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise ProfileError(
            "{file} is no safetensors file, or was cut short: {error}. Get it again.", file=file, error=error
        ) from error


def _from_onnx(file: Path) -> dict[str, Tensor]:
    from filo_core.trunks.onnx_weights import dino_weights

    return {name: torch.from_numpy(values.copy()) for name, values in dino_weights(file).items()}
