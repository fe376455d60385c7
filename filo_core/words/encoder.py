"""The sentence encoder in ONNX Runtime: phrases become directions, near ones for near meanings. Needs no torch."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.store import TrunkStore, missing_sentence, probe_file
from filo_core.words.specs import LONGEST, SIZE, WordsSpec
from filo_core.words.wordpiece import CLS, WordPiece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PROBED = ("crack", "hairline fracture", "a solder bridge between two pins", "Ölfleck, größer als 3 mm", "missing screw")
"""Phrases that are held against eager torch: of several lengths, with signs and accents."""
TOLERANCE = 1e-4
"""Largest difference of a number between the graph and eager torch, of directions of unit length."""
TOKENS, MEANING, VOCABULARY_KEY = "tokens", "meaning", "vocabulary"
"""Names of the graph's input, ``(1, L)`` int64, of its output, ``(1, SIZE)`` float32 of unit length, and in its
description of its tokens, a line each, so that one hash covers both."""
_THREADS = 1


class SentenceEncoder:
    """Meanings of phrases.

    Args:
        graph: content of its graph.

    Raises:
        ProfileError: if ONNX Runtime refuses it, or it names no tokens.
    """

    def __init__(self, graph: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            vocabulary = self._session.get_modelmeta().custom_metadata_map.get(VOCABULARY_KEY, "").split("\n")
        except Exception as error:
            raise ProfileError(
                "ONNX Runtime refuses the words: {error}. Prepare them again.", error=str(error)[:200]
            ) from error
        if CLS not in vocabulary:
            raise ProfileError("The graph of the words names no tokens. Prepare it again.")
        self.pieces = WordPiece(vocabulary)

    def meanings(self, phrases: Sequence[str]) -> Floats:
        """``(n, SIZE)`` float32 of unit length, one a phrase."""
        found = np.zeros((len(phrases), SIZE), np.float32)
        for row, phrase in enumerate(phrases):
            tokens = np.array([self.pieces.tokens(phrase, LONGEST)], np.int64)
            found[row] = self._session.run([MEANING], {TOKENS: tokens})[0][0]
        return found


def open_words(store: TrunkStore, spec: WordsSpec) -> SentenceEncoder:
    """The encoder, once its graph is what was prepared.

    Raises:
        ProfileError: if it is not on this machine, damaged or refused.
    """
    if store.folder(spec) is None:
        raise ProfileError(missing_sentence(spec, "sentence encoder"))
    return SentenceEncoder(store.graph(spec))


def write_probe(path: Path, truth: Floats) -> None:
    """Keep what eager torch made of :data:`PROBED`."""
    np.savez_compressed(path, meanings=truth)


def verify_words(store: TrunkStore, spec: WordsSpec) -> float:
    """Largest difference between the prepared encoder on this machine and what eager torch made of the same phrases.

    Raises:
        ProfileError: if it is not here, damaged, or farther away than :data:`TOLERANCE`.
    """
    encoder, folder = open_words(store, spec), store.folder(spec)
    assert folder is not None, "it was opened"
    try:
        with np.load(probe_file(folder, spec), allow_pickle=False) as arrays:
            truth = arrays["meanings"]
            difference = float(np.abs(encoder.meanings(PROBED) - truth).max())
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ProfileError(
            "{folder} holds a probe of another version. Delete it and prepare it again.", folder=folder
        ) from error
    if not difference <= TOLERANCE:
        raise ProfileError(
            "{name} gives other meanings here than torch did when it was prepared ({difference:.1e}). "
            "Delete {folder} and prepare it again.",
            name=spec.name,
            difference=difference,
            folder=folder,
        )
    return difference
