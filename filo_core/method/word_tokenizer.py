"""Words as tokens: the compact text tower knows a few hundred words and says which ones it does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_WORD = re.compile(r"[a-z0-9]+")
_PADDING, _UNKNOWN, _FIRST = 0, 1, 2


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case; everything else separates."""
    return tuple(_WORD.findall(text.lower()))


class WordTokenizer:
    """Turns prompts into token numbers, one a word.

    Args:
        words: the vocabulary; its order decides the numbers.
        context_length: tokens a prompt; longer ones are cut, the end token kept.
    """

    def __init__(self, words: Sequence[str], context_length: int) -> None:
        self._numbers = {word: number for number, word in enumerate(words, start=_FIRST)}
        self._end = _FIRST + len(words)
        self._length = context_length
        self.vocabulary_size = self._end + 1

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """``(P, L)`` int64: words, the end token, padding. The end has the largest number, where open_clip pools."""
        tokens = torch.full((len(texts), self._length), _PADDING, dtype=torch.int64)
        for row, text in enumerate(texts):
            numbers = [self._numbers.get(word, _UNKNOWN) for word in words_of(text)][: self._length - 1]
            tokens[row, : len(numbers) + 1] = torch.tensor([*numbers, self._end])
        return tokens

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Those words of a text that are read as the one unknown token, in their order."""
        return tuple(word for word in words_of(text) if word not in self._numbers)
