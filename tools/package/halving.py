"""Writes the sentence encoder's weights in 16 bits into a frozen program; they are 32 again as soon as it is opened."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from filo_core.trunks.store import GRAPH, PROBE, RECORD, folder_name
from filo_core.words.encoder import PROBED, TOLERANCE, SentenceEncoder
from filo_core.words.specs import shipped_words
from tools.package.contents import PackageError

_LARGE = 1000
"""Numbers in what is worth it; the small ones are scales and offsets."""


def halve_words(program: Path) -> float:
    """Halve the encoder that was frozen; how far its meanings are from eager torch's.

    Raises:
        PackageError: if that is farther than is allowed of any encoder.
    """
    folder = program / "_internal" / "share" / "filo-inspector" / "trunks" / folder_name(shipped_words())
    graph = folder / GRAPH
    content = halved(graph.read_bytes())
    with np.load(folder / PROBE, allow_pickle=False) as arrays:
        difference = float(np.abs(SentenceEncoder(content).meanings(PROBED) - arrays["meanings"]).max())
    if not difference <= TOLERANCE:
        raise PackageError(f"The sentence encoder in 16 bits differs by {difference:.1e}, more than {TOLERANCE:.0e}.")
    # What was frozen may be a link to what set-up prepared.
    for path, written in ((graph, content), (folder / RECORD, _record_of(folder / RECORD, content))):
        path.unlink()
        path.write_bytes(written)
    return difference


def halved(graph: bytes) -> bytes:
    """The same graph, whose large tables are in 16 bits and cast when a session is made of it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(graph)
    casts = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _LARGE:
            continue
        half = f"{tensor.name}_16"
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
    for place, cast in enumerate(casts):
        model.graph.node.insert(place, cast)
    written: bytes = model.SerializeToString()
    return written


def _record_of(path: Path, graph: bytes) -> bytes:
    record = json.loads(path.read_bytes()) | {"graph_sha256": hashlib.sha256(graph).hexdigest()}
    return (json.dumps(record, indent=2) + "\n").encode()
