"""Words as tokens."""

from filo_core.method.word_tokenizer import Vocabulary, WordTokenizer, words_of

TOKENIZE = WordTokenizer(Vocabulary(words=("bent", "part", "with"), naming=("bent",)), context_length=5)


def test_words_are_lower_case_and_everything_else_separates_them() -> None:
    assert words_of("A Bent-pin, (12V)!") == ("a", "bent", "pin", "12v")


def test_unknown_words_share_one_token_and_the_end_has_the_largest_number() -> None:
    tokens = TOKENIZE(["bent part", "zorb QUUX"])
    assert tokens.tolist() == [[2, 3, 5, 0, 0], [1, 1, 5, 0, 0]]
    assert TOKENIZE.vocabulary_size == 6


def test_a_text_that_is_too_long_is_cut_and_still_ends() -> None:
    assert TOKENIZE(["part part part part part part"]).tolist() == [[3, 3, 3, 3, 5]]


def test_a_phrase_is_known_when_a_word_of_it_says_what_is_wrong() -> None:
    assert TOKENIZE.knows("bent flange")
    assert not TOKENIZE.knows("part with zorbs")
