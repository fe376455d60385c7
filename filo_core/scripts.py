"""What a reader cannot tell apart in a text: signs that are not seen, and letters of several scripts (UTS #39)."""

from __future__ import annotations

_WRITTEN_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that one text may mix: those of Japanese, Chinese and Korean, as UTS #39 allows ("highly restrictive")."""
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Counted as printable, and not to be seen all the same."""
_OF_NO_SCRIPT = frozenset({"COMMON", "INHERITED"})


def unseen_sign(text: str) -> str:
    """The first sign that cannot be seen, a control or one that turns the direction of writing; empty without any."""
    return next((sign for sign in text if sign in UNSEEN or not sign.isprintable()), "")


def mixed_scripts(text: str) -> str:
    """Which scripts a text mixes whose letters look alike, in words; empty where it may be read in one way only."""
    if text.isascii():
        return ""
    # Tables of Unicode: only where there is something to look up.
    from confusable_homoglyphs import categories

    scripts = frozenset(categories.unique_aliases(text)) - _OF_NO_SCRIPT
    if len(scripts) <= 1 or any(scripts <= together for together in _WRITTEN_TOGETHER):
        return ""
    return " and ".join(sorted(script.capitalize() for script in scripts))


def look_alikes(text: str) -> str:
    """As :func:`mixed_scripts`, but only where a letter of one script may be taken for one of another script there.

    So an ohm sign may stand among Latin letters, and the Cyrillic letter that looks like their A may not.
    """
    mixed = mixed_scripts(text)
    if not mixed:
        return ""
    from confusable_homoglyphs import categories, confusables

    there = frozenset(categories.unique_aliases(text)) - _OF_NO_SCRIPT
    for letter in set(text):
        others = there - {categories.alias(letter)}
        # What is common to all scripts looks like nothing but itself.
        if len(others) == len(there) or (categories.alias(letter) == "LATIN" and len(there) > 1):
            continue
        known = confusables.is_confusable(letter, greedy=True) or []
        likes = (like["c"] for one in known for like in one["homoglyphs"])
        if any(categories.alias(like) in others for like in likes if len(like) == 1):
            return mixed
    return ""
