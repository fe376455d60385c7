"""The HTTP trigger's tokens: whether one is strong enough, whose it is, and how long a wrong one has to wait."""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import secrets
import string
import time
from collections import OrderedDict
from collections.abc import Callable

from filo_core.errors import SourceError
from filo_core.sentence import Sentence

logger = logging.getLogger(__name__)

LEAST_BITS = 128
_LEAST_LETTERS = 8
"""Different ones; a token that repeats few is none that was drawn."""
_ALPHABETS = (string.digits, string.digits + "abcdef", string.digits + "ABCDEF", string.ascii_letters + string.digits)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 4.0
_REMEMBERED = 1_000
_FORGOTTEN_S = 600.0
_LOG_EVERY_S = 1.0


def new_token() -> str:
    """A token of 256 bits."""
    return secrets.token_urlsafe(32)


def token_problem(token: str) -> str:
    """Why a token cannot be one, as a sentence; empty when it can.

    Its bits are counted as if each letter had been drawn from the smallest usual alphabet that holds them all.
    """
    if not token.isascii() or not token.isprintable() or " " in token:
        return Sentence("A token is made of letters, digits and signs, without spaces.")
    size = next((len(letters) for letters in _ALPHABETS if set(token) <= set(letters)), 64)
    if len(token) * math.log2(size) < LEAST_BITS or len(set(token)) < _LEAST_LETTERS:
        return Sentence(
            "A token of the HTTP trigger needs {bits} bits. Make one with: main.py line token", bits=LEAST_BITS
        )
    return ""


class Tokens:
    """The tokens that are let in; each belongs to a caller of its own.

    Args:
        words: one, or several with commas between them.

    Raises:
        SourceError: if there is none, or one is too weak.
    """

    def __init__(self, words: str) -> None:
        tokens = [token.strip() for token in words.split(",") if token.strip()]
        if not tokens:
            raise SourceError(
                "The HTTP trigger asks for a token, on this machine as well. Make one with 'main.py line token', or "
                "set FILO_LINE_TOKEN."
            )
        for problem in filter(None, map(token_problem, tokens)):
            raise SourceError(problem)
        self._tokens = [token.encode() for token in tokens]

    def whose(self, authorization: str) -> str:
        """A name for the token in an ``Authorization`` header, without saying the token; empty for a wrong one."""
        scheme, _, given = authorization.partition(" ")
        found = ""
        for token in self._tokens:
            # All of them, so that the time it takes says nothing.
            if hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token):
                found = hashlib.sha256(token).hexdigest()[:16]
        return found if scheme.lower() == "bearer" else ""


class WrongTokens:
    """Counts wrong tokens by address, writes them into the log, and says how long the answer has to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._logged_at = -math.inf

    def note(self, address: str) -> float:
        """A wrong token came from ``address``: how many seconds the answer waits, twice as many each time."""
        now = self._clock()
        count, last = self._seen.pop(address, (0, now))
        count = 1 if now - last > _FORGOTTEN_S else count + 1
        self._seen[address] = count, now
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        # A flood of them must not fill the disk with lines.
        if count == 1 or now - self._logged_at >= _LOG_EVERY_S:
            self._logged_at = now
            logger.warning("the HTTP trigger was asked with a wrong token from %s (%d so far)", address, count)
        return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(count - 1, 10))
