"""Names from words for the products that are looked at through trunks: the profile's head, and the sentence encoder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.eyes.kept_meanings import KeptMeanings
from filo_core.naming.zero_shot import NamingHead, ZeroShotNames, phrase_shares, read_head
from filo_core.sentence import Sentence
from filo_core.trunks.store import missing_sentence
from filo_core.words.encoder import open_words
from filo_core.words.phrases import PhraseReader, reading_identity
from filo_core.words.specs import read_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.profiles.eyes_manifest import EyesProfile
    from filo_core.trunks.store import TrunkStore
    from filo_core.types import Recipe

logger = logging.getLogger(__name__)

NO_HEAD = Sentence(
    "Regions are not named from words: this profile has no head for it. They are named once people named some."
)


class Naming:
    """Opens the head when the first product is named, and the encoder when a list is new.

    Whatever is wrong with them, only names are missing.

    Args:
        folder: of the profile.
        profile: says whether it has a head.
        store: where the prepared encoder lies.
        kept: folder in which meanings of phrases are kept between starts; None keeps none.
    """

    def __init__(self, folder: Path, profile: EyesProfile, store: TrunkStore, kept: Path | None = None) -> None:
        self._folder, self._profile, self._store = folder, profile, store
        self._kept = KeptMeanings(kept)
        self._head: NamingHead | None = None
        self._reader: PhraseReader | None = None
        self._problem = ""

    @property
    def note(self) -> str:
        """Why nothing is named from words, as a sentence; empty where it is."""
        if self._problem:
            return self._problem
        if self._profile.names is None:
            return NO_HEAD
        try:
            spec = read_words(self._folder)
        except FiloError as error:
            return str(error)
        if self._store.folder(spec) is None:
            return Sentence("Regions are not named from words. {spec}", spec=missing_sentence(spec, "sentence encoder"))
        return ""

    def of_recipe(self, recipe: Recipe, listed: Sequence[str] = ()) -> ZeroShotNames | None:
        """Names from the recipe's list, of those ``listed`` where any is; None where there are none to give."""
        enabled = (entry.name for entry in recipe.anomaly_types if entry.enabled)
        phrases = tuple(dict.fromkeys(name for name in enabled if not listed or name in listed))
        if self.note or not phrases:
            return None
        try:
            head = self._opened_head()
            meanings = self._meanings(head, phrases)
        except FiloError as error:
            self._problem = Sentence("Regions are not named from words. {error}", error=error)
            logger.warning(self._problem)
            return None
        return ZeroShotNames(
            head, phrases, phrase_shares(meanings, head.captions_of_kinds), read_words(self._folder).identity
        )

    def _opened_head(self) -> NamingHead:
        if self._head is None:
            names = self._profile.names
            assert names is not None, "a profile without a head names nothing"
            self._head = read_head(self._folder / names.file, names.sha256)
        return self._head

    def _meanings(self, head: NamingHead, phrases: tuple[str, ...]) -> NDArray[np.float32]:
        spec = read_words(self._folder)
        # The captions of a head are known phrases, so another head may read a phrase in another way.
        read_by = Sentence(
            "{identity} {head_identity} {value}",
            identity=spec.identity,
            head_identity=head.identity,
            value=reading_identity(),
        )
        meanings = self._kept.load(phrases, read_by)
        if meanings is None:
            if self._reader is None:
                spoken = [word for own in head.words for word in own]
                self._reader = PhraseReader(open_words(self._store, spec), spoken, head.spoken)
            _, meanings = self._reader.read(phrases)
            self._kept.save(phrases, read_by, meanings)
        return meanings
