"""The sentence encoder in 16 bits, as the installed program has it: it says what the one in 32 bits says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from filo_core.naming.zero_shot import phrase_shares, read_head
from filo_core.resources import resource_path
from filo_core.trunks.store import GRAPH, RECORD, TrunkStore, folder_name
from filo_core.words.encoder import SentenceEncoder, open_words
from filo_core.words.phrases import PhraseReader
from filo_core.words.specs import shipped_words
from tools.package.contents import PackageError
from tools.package.halving import halve_words

STORE = TrunkStore()
PREPARED = STORE.folder(shipped_words())
pytestmark = pytest.mark.skipif(PREPARED is None, reason="the sentence encoder is not prepared (make setup)")
PHRASES = (
    "scratch", "crack", "dent", "missing screw", "bent pin", "print misaligned", "loose thread", "solder bridge",
    "Kratzer", "Riss im Gehäuse", "fehlende Schraube", "划痕", "缺件", "a deep crack near the left edge",
    "flibbertigibbet",
)  # fmt: skip


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A frozen program's folder with nothing but the encoder, linked to what set-up prepared."""
    assert PREPARED is not None
    folder = tmp_path / "_internal" / "share" / "filo-inspector" / "trunks" / folder_name(shipped_words())
    folder.mkdir(parents=True)
    for path in PREPARED.iterdir():
        (folder / path.name).hardlink_to(path) if path.name == GRAPH else shutil.copy2(path, folder)
    return folder


def test_half_as_large_it_reads_the_same_and_shares_of_names_stay(frozen: Path, tmp_path: Path) -> None:
    assert PREPARED is not None
    whole = (PREPARED / GRAPH).stat().st_size
    assert halve_words(tmp_path) < 1e-4
    assert (frozen / GRAPH).stat().st_size < 0.51 * whole
    assert (PREPARED / GRAPH).stat().st_size == whole
    here = TrunkStore(prepared=frozen.parent)
    exact, half = open_words(STORE, shipped_words()), open_words(here, shipped_words())
    (read, meanings), (read_too, meanings_too) = (PhraseReader(one).read(PHRASES) for one in (exact, half))
    assert read == read_too
    captions = read_head(resource_path("models", "compact", "names.safetensors")).captions_of_kinds
    shares, shares_too = phrase_shares(meanings, captions), phrase_shares(meanings_too, captions)
    assert np.array_equal(shares.argmax(0), shares_too.argmax(0))
    # A share is shown in whole per cent.
    assert np.abs(shares - shares_too).max() < 0.005
    assert shares.max() > 0.5


def test_an_encoder_that_is_another_one_is_not_packed(
    frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = (frozen / RECORD).read_bytes()
    monkeypatch.setattr(SentenceEncoder, "meanings", lambda self, phrases: np.zeros((len(phrases), 384), np.float32))
    with pytest.raises(PackageError, match="in 16 bits differs"):
        halve_words(tmp_path)
    assert (frozen / RECORD).read_bytes() == record
