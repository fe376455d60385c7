"""Padding that a network computes from the size of its picture, put into its convolutions. Set-up only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto


def fold_padding(source: Path, target: Path) -> None:
    """Write a graph without the steps that pad before its convolutions of stride 2; these pad by themselves.

    Networks in TensorFlow's manner pad by what the size of the picture leaves over, so that ONNX Runtime takes the
    features out of its own layout, pads them, and puts them back: a quarter of the light trunk's time. What a trunk
    takes is whole multiples, every side that is halved is even, and what is left over is always the same.

    Args:
        source: a graph whose inputs are such multiples.
        target: where the other one goes; it gives the same features to the bit.
    """
    import onnx

    model = onnx.load(source)
    made = {output: node for node in model.graph.node for output in node.output}
    for node in model.graph.node:
        before = made.get(node.input[0]) if node.input else None
        if node.op_type != "Conv" or before is None or before.op_type != "Pad":
            continue
        numbers = {one.name: list(one.ints) for one in node.attribute}
        if numbers.get("strides") != [2, 2]:
            continue
        # Of an even side, k - 2 is left over, and what is odd of it goes behind.
        first = [(size - 2) // 2 for size in numbers["kernel_shape"]]
        last = [size - 2 - begin for size, begin in zip(numbers["kernel_shape"], first, strict=True)]
        node.input[0] = before.input[0]
        kept = [one for one in node.attribute if one.name != "pads"]
        del node.attribute[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute("pads", first + last)])
    _drop_unused(model.graph)
    onnx.save(model, target)


def pads_apart(graph: bytes) -> bool:
    """Whether a graph has steps that pad; of a broken one, and without the package that reads it, nothing is said."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        return False

    try:
        return any(node.op_type == "Pad" for node in onnx.load_model_from_string(graph).graph.node)
    except DecodeError:
        return False


def _drop_unused(graph: GraphProto) -> None:
    """Leave out what nothing asks for any more, from the end to the beginning."""
    wanted = {output.name for output in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(reversed(nodes))
