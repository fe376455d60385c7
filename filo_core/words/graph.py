"""The sentence encoder as a torch module, filled from its published file, and as a graph. Needed at set-up only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from filo_core.errors import ProfileError
from filo_core.words.encoder import MEANING, TOKENS, VOCABULARY_KEY
from filo_core.words.specs import SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

_OPSET = 17
BERT = {
    "hidden_size": SIZE,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}


class MeaningOf(nn.Module):
    """BERT, the mean over all tokens of one phrase, unit length.

    Args:
        bert: ``transformers.BertModel`` without its pooling layer.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, tokens: Tensor) -> Tensor:
        """``(1, SIZE)`` of ``(1, L)`` tokens; nothing is padded, so every token counts."""
        states = self.bert.embeddings(input_ids=tokens)
        for layer in self.bert.encoder.layer:
            states = layer(states)[0]
        return functional.normalize(states.mean(dim=1), dim=-1)


def eager_encoder(file: Path, vocabulary_size: int) -> MeaningOf:
    """The encoder in eager torch.

    Raises:
        ProfileError: if the file is cut short, of another network, or holds values that are not numbers.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    try:
        weights = load_file(file)
    except (OSError, SafetensorError) as error:
        raise ProfileError(
            "{file} is no safetensors file, or was cut short: {error}. Get it again.", file=file, error=error
        ) from error
    broken = next((name for name, tensor in weights.items() if not torch.isfinite(tensor.float()).all()), None)
    if broken is not None:
        raise ProfileError(
            "{file} is of no use: {broken} holds values that are not numbers. Get it again.", file=file, broken=broken
        )
    config = BertConfig(vocab_size=vocabulary_size, attn_implementation="eager", **BERT)
    bert = BertModel(config, add_pooling_layer=False)
    try:
        bert.load_state_dict(_wanted(weights, bert.state_dict()))
    except (RuntimeError, KeyError) as error:
        first = str(error).strip().splitlines()[0][:200]
        raise ProfileError(
            "{file} holds another network than a MiniLM of six layers: {first}.", file=file, first=first
        ) from error
    return MeaningOf(bert).eval().requires_grad_(requires_grad=False)


def write_onnx(encoder: MeaningOf, vocabulary: Sequence[str], path: Path) -> None:
    """The graph of the encoder, with its tokens in its description."""
    import onnx

    with warnings.catch_warnings():
        # Its tracer warns about shapes that stay.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (torch.zeros(1, 7, dtype=torch.int64),),
            str(path),
            input_names=[TOKENS],
            output_names=[MEANING],
            dynamic_axes={TOKENS: {1: "length"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = VOCABULARY_KEY, "\n".join(vocabulary)
    onnx.save(model, str(path))


def _wanted(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of the tensors that the network has; its pooling layer is not used."""
    return {name: weights[name] for name in wanted}
