"""Words as tokens: the compact text tower knows a few hundred words and says which ones it does not know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_WORD = re.compile(r"[a-z0-9]+")
_PADDING, _UNKNOWN, _FIRST = 0, 1, 2


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case; everything else separates."""
    return tuple(_WORD.findall(text.lower()))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a text tower, and those among them that name what is wrong."""

    words: tuple[str, ...]
    naming: tuple[str, ...]


class WordTokenizer:
    """Turns prompts into token numbers, one a word.

    Args:
        vocabulary: its order decides the numbers.
        context_length: tokens a prompt; longer ones are cut, the end token kept.
    """

    def __init__(self, vocabulary: Vocabulary, context_length: int) -> None:
        self._numbers = {word: number for number, word in enumerate(vocabulary.words, start=_FIRST)}
        self._end = _FIRST + len(vocabulary.words)
        self._length = context_length
        self._naming = frozenset(vocabulary.naming)
        self.vocabulary_size = self._end + 1

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """``(P, L)`` int64: words, the end token, padding. The end has the largest number, where open_clip pools."""
        # A manifest is read without a model: only this needs torch.
        import torch

        tokens = torch.full((len(texts), self._length), _PADDING, dtype=torch.int64)
        for row, text in enumerate(texts):
            numbers = [self._numbers.get(word, _UNKNOWN) for word in words_of(text)][: self._length - 1]
            tokens[row, : len(numbers) + 1] = torch.tensor([*numbers, self._end])
        return tokens

    def knows(self, phrase: str) -> bool:
        """Whether a word of the phrase says what is wrong; any other phrase would be told apart by chance."""
        return not self._naming.isdisjoint(words_of(phrase))
