"""Takes secrets out of any text: those that look like one, and those that are known to be one."""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import quote

HIDDEN = "[hidden]"
SHORTEST = 6
"""Known values shorter than this are not searched for: they would blot out ordinary words."""

_URL_PASSWORD = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@]+(?=@)", re.IGNORECASE)
_KEY = re.compile(r"\b(sk|key|token|bearer)[-_ =:]+[A-Za-z0-9._\-]{8,}", re.IGNORECASE)
_NAMED = re.compile(r"\b(pin|password|passphrase|secret)(\"?\s*[=:]\s*\"?)[^\s\",;}]+", re.IGNORECASE)

_known: set[str] = set()
_lock = threading.Lock()


def hide(secret: str) -> None:
    """From now on this value is taken out of every text, however it is spelled in a URL or in JSON."""
    if len(secret) >= SHORTEST:
        with _lock:
            as_json = {json.dumps(secret, ensure_ascii=escaped)[1:-1] for escaped in (True, False)}
            _known.update({secret, quote(secret, safe=""), repr(secret)[1:-1]} | as_json)


def redact(text: str) -> str:
    """``text`` without passwords in addresses, without keys, tokens and PINs, and without any known secret."""
    with _lock:
        # The longest first: one may be the beginning of another.
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, HIDDEN)
    text = _URL_PASSWORD.sub(rf"\g<start>{HIDDEN}", text)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
    return _KEY.sub(lambda found: f"{found.group(1)} {HIDDEN}", text)
