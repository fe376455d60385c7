"""A camera's address, which may hold a password, and the part of it that may be seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_CREDENTIALS = re.compile(r".*@", re.DOTALL)
_PARAMETERS = re.compile(r"([?#;=]).*", re.DOTALL)
_HIDDEN = "***"
_FILE = "file://"


class CameraAddress:
    """Number of a local camera, path of a video file or device, or URL of a stream.

    Only :attr:`secret` gives the address as it was entered; printing, formatting and logging give :attr:`shown`.

    Args:
        address: a number may also come as text, as from a command line.
    """

    __slots__ = ("_address",)

    def __init__(self, address: int | str | Path) -> None:
        text = str(address).strip()
        if text.startswith(_FILE):
            # As a file manager copies it.
            text = url2pathname(urlsplit(text).path)
        # int() also takes "1_0" and digits of other scripts, which are file names rather than numbers.
        self._address: int | str = int(text) if re.fullmatch(r"[0-9]{1,4}", text) else text

    def __repr__(self) -> str:
        return f"CameraAddress({self.shown!r})"

    def __str__(self) -> str:
        return self.shown

    @property
    def secret(self) -> int | str:
        """The whole address, for opening it only."""
        return self._address

    @property
    def is_url(self) -> bool:
        """True for the address of a stream in the network."""
        return isinstance(self._address, str) and "://" in self._address

    @property
    def is_video_file(self) -> bool:
        """True for a file that can be played, as against a device."""
        return isinstance(self._address, str) and not self.is_url and is_there(self._address, Path.is_file)

    @property
    def is_missing_file(self) -> bool:
        """True for a path with nothing there."""
        return isinstance(self._address, str) and not self.is_url and not is_there(self._address, Path.exists)

    @property
    def shown(self) -> str:
        """The address for people: without user name, password, and the values of a URL's parameters."""
        if isinstance(self._address, int):
            return f"Camera {self._address}"
        scheme, separator, rest = self._address.partition("://")
        if separator:
            return f"{scheme}://{_hide(rest)}"
        # Nothing there by that name: it may be a URL whose scheme was forgotten.
        name = Path(self._address).name
        return _hide(name) if self.is_missing_file else name


def is_there(path: str, asked: Callable[[Path], bool]) -> bool:
    """What a path answers, such as ``Path.is_dir``; False where it may not be asked."""
    try:
        return asked(Path(path))
    except OSError:
        # No permission, or a name too long: nothing that could be played.
        return False


def _hide(place: str) -> str:
    # Up to the last @: an unescaped password may itself hold @, / and ?, and a camera's path holds none of them.
    place = _CREDENTIALS.sub(f"{_HIDDEN}@", place, count=1)
    # Some cameras take "user=..&password=.." as parameters, some as part of the path.
    return _PARAMETERS.sub(rf"\1{_HIDDEN}", place, count=1)
