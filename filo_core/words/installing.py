"""``models install eyes --from DIR``: the sentence encoder, from its wheel or as another machine prepared it."""

from __future__ import annotations

import shutil
from pathlib import Path

from filo_core.trunks.store import GRAPH, PROBE, RECORD, TrunkStore, folder_name
from filo_core.words.encoder import verify_words
from filo_core.words.preparing import prepare_words
from filo_core.words.specs import WordsSpec


def install_words(store: TrunkStore, spec: WordsSpec, source: Path) -> bool:
    """Install the encoder where ``source`` holds it; False where it does not.

    Raises:
        ProfileError: if it is damaged or another one. Then nothing of it is kept.
    """
    name = folder_name(spec)
    for made in (source / name, source / "trunks" / name):
        if (made / RECORD).is_file():
            verify_words(TrunkStore(prepared=made.parent), spec)
            store.add(spec, lambda folder, made=made: _copy(made, folder), store.user_folder)  # type: ignore[misc]
            return True
    if spec.wheel is not None and any(source.glob(spec.wheel.pattern)):
        prepare_words(store, spec, source, store.user_folder)
        return True
    return False


def _copy(made: Path, folder: Path) -> None:
    for name in (GRAPH, PROBE):
        shutil.copyfile(made / name, folder / name)
