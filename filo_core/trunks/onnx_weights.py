"""Reads the weights of a DINOv2 ViT out of an ONNX graph that transformers' ``Dinov2Model`` was exported to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.errors import ProfileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BACKBONE = "backbone.embeddings"
_LAYER = "backbone.encoder.layer"
_NODE = "/backbone/encoder/layer"


def dino_weights(file: Path) -> dict[str, NDArray[np.float32]]:
    """Tensors by the names that timm's ``vit_small_patch14_dinov2`` has for them.

    Raises:
        ProfileError: if the file cannot be read, or is another graph.
    """
    graph = read_graph(file).graph
    try:
        return _named_as_in_timm(graph)
    except (KeyError, ValueError) as error:
        raise ProfileError(
            "{file} is another graph than a DINOv2 with its names: {error} is missing.", file=file, error=error
        ) from error


def read_graph(file: Path) -> Any:
    """The ``onnx.ModelProto`` in a file.

    Raises:
        ProfileError: if it is none, or was cut short.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return onnx.load(str(file), load_external_data=False)
    except (OSError, DecodeError, ValueError) as error:
        raise ProfileError(
            "{file} is no ONNX graph, or was cut short: {error}. Get it again.", file=file, error=error
        ) from error


def _named_as_in_timm(graph: Any) -> dict[str, NDArray[np.float32]]:
    from onnx import numpy_helper

    named = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    # The exporter took the names off what it folded or transposed: those are found by the node that reads them.
    read_by = {node.name: [named[name] for name in node.input if name in named] for node in graph.node}
    positions = [read_by["/backbone/embeddings/Concat_6"][0], read_by["/backbone/embeddings/Reshape_1"][0]]
    weights = {
        "cls_token": named[f"{_BACKBONE}.cls_token"],
        "pos_embed": np.concatenate(positions, axis=1),
        "patch_embed.proj.weight": named[f"{_BACKBONE}.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": named[f"{_BACKBONE}.patch_embeddings.projection.bias"],
    }
    blocks = 0
    while f"{_LAYER}.{blocks}.norm1.weight" in named:
        weights |= _block(blocks, named, read_by)
        blocks += 1
    return weights


def _block(index: int, named: dict[str, Any], read_by: dict[str, list[Any]]) -> dict[str, NDArray[np.float32]]:
    layer, node, ours = f"{_LAYER}.{index}", f"{_NODE}.{index}", f"blocks.{index}"

    def product(name: str) -> NDArray[np.float32]:
        # A matrix product reads its weights transposed.
        return np.asarray(read_by[f"{node}/{name}/MatMul"][0].T, np.float32)

    parts = ("query", "key", "value")
    found = {
        f"{ours}.attn.qkv.weight": np.concatenate([product(f"attention/attention/{part}") for part in parts]),
        f"{ours}.attn.qkv.bias": np.concatenate([named[f"{layer}.attention.attention.{part}.bias"] for part in parts]),
        f"{ours}.attn.proj.weight": product("attention/output/dense"),
        f"{ours}.attn.proj.bias": named[f"{layer}.attention.output.dense.bias"],
    }
    for part in ("fc1", "fc2"):
        found[f"{ours}.mlp.{part}.weight"] = product(f"mlp/{part}")
        found[f"{ours}.mlp.{part}.bias"] = named[f"{layer}.mlp.{part}.bias"]
    for number in (1, 2):
        found[f"{ours}.ls{number}.gamma"] = named[f"{layer}.layer_scale{number}.lambda1"]
        for kind in ("weight", "bias"):
            found[f"{ours}.norm{number}.{kind}"] = named[f"{layer}.norm{number}.{kind}"]
    return found
