"""Whether the words of an anomaly list are understood, for whoever writes it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FiloError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.words.phrases import PhraseReader, ReadPhrase

logger = logging.getLogger(__name__)


class PhraseCheck:
    """Reads phrases with the sentence encoder of this machine; opened at the first question. For any thread.

    Args:
        models: the user's folder of models.
    """

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._reader: PhraseReader | None = None
        self._known: dict[str, ReadPhrase] = {}

    def read(self, phrases: Sequence[str]) -> tuple[ReadPhrase, ...]:
        """How each phrase is read. Nothing where there is no encoder: then nothing is named from words anyway."""
        with self._lock:
            fresh = [phrase for phrase in phrases if phrase not in self._known]
            if fresh:
                try:
                    found, _ = self._opened().read(fresh)
                except FiloError as error:
                    logger.info("phrases are not read: %s", error)
                    return ()
                self._known |= {one.phrase: one for one in found}
            return tuple(self._known[phrase] for phrase in phrases)

    def _opened(self) -> PhraseReader:
        if self._reader is None:
            from filo_core.trunks.store import TrunkStore
            from filo_core.words.encoder import open_words
            from filo_core.words.phrases import PhraseReader
            from filo_core.words.specs import shipped_words

            self._reader = PhraseReader(open_words(TrunkStore(self._models), shipped_words()))
        return self._reader
