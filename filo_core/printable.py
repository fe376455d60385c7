"""Names and sentences as text that can be kept, sent and shown, with no sign in it that steers a terminal."""

from __future__ import annotations

import json
import unicodedata

# They join letters of Persian and of Indian languages, and do nothing else.
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


def printable_name(name: str) -> str:
    r"""``name`` on one line, each sign of it seen.

    Bytes that are no text become U+FFFD. Signs that would steer a terminal, break a line or turn the direction of
    writing are written as Python writes them, such as ``\x1b`` and ``\u202e``.
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text if text.isprintable() else "".join(map(_seen, text))


def without_controls(text: str) -> str:
    """A sentence of any length with line breaks and tabs as they are, and other signs as in :func:`printable_name`."""
    return "".join(sign if sign in "\n\t" else _seen(sign) for sign in text)


def json_without_controls(text: str) -> str:
    """JSON in which such signs are written as JSON writes them, so that it says the same and steers nothing."""
    if text.isprintable():
        return text
    return "".join(sign if sign == "\n" or _seen(sign) == sign else _in_json(sign) for sign in text)


def _in_json(sign: str) -> str:
    return json.dumps(sign)[1:-1] if sign != "\x7f" else "\\u007f"


def _seen(sign: str) -> str:
    if sign in _JOINERS or unicodedata.category(sign) not in _UNSEEN:
        return sign
    return sign.encode("unicode_escape").decode("ascii")
