"""Secrets by name: in the system's keyring where there is one, in an encrypted file otherwise.

Names: ``llm`` for the language model's key, ``line`` for the HTTP trigger's token, ``database`` for the password of the
record's server, ``plant`` for that of the plant's, ``camera:rtsp://USER@HOST:PORT`` for a camera's password,
``output:mqtts://USER@HOST:PORT`` for that of an output of the line: an address with another scheme, host, port or user
is not given it. Which of them exist, and where, stands in an index without the secrets themselves.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from filelock import FileLock, Timeout

from filo_core.errors import SettingsError, SourceError
from filo_core.line.outputs.known import specs
from filo_core.whole_files import write_private
from workflows.settings.bound import bound_to
from workflows.settings.redaction import hide
from workflows.settings.secret_file import SecretFile

LLM, LINE, DATABASE, PLANT, CAMERA, OUTPUT = "llm", "line", "database", "plant", "camera:", "output:"
HOOK = "hook:"
BACKEND = "FILO_SECRETS"
"""Variable: ``file`` passes the keyring over."""

_NAME = re.compile(
    r"llm|line|database|plant|hook:[A-Za-z0-9.:\[\]%_~@-]{1,255}"
    r"|(output|camera):[a-z][a-z0-9+.-]*://[^\s/@\x00-\x1f]{1,99}@[A-Za-z0-9.:\[\]%_~-]{1,255}"
)
_SERVICE = "FiLo Inspector"
_KEYRING, _FILE = "keyring", "file"
_LOCK_TIMEOUT_S = 10.0


class SecretStore:
    """The secrets that belong to one data folder. Every value that passes is hidden from all logs from then on."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._index_path = home / "secrets.json"
        self._file = SecretFile(home)

    def names(self) -> tuple[str, ...]:
        """Which secrets there are, in alphabetical order."""
        return tuple(sorted(self._index()))

    def place(self, name: str) -> str:
        """``keyring`` or ``file``; empty for an unknown name."""
        return self._index().get(_whole(name), "")

    def get(self, name: str) -> str:
        """A secret; empty when there is none.

        Raises:
            SettingsError: if it cannot be read.
        """
        name = _whole(name)
        place = self.place(name)
        if not place:
            return ""
        value = self._from_keyring(name) if place == _KEYRING else self._file.read().get(name, "")
        hide(value)
        return value

    def set(self, name: str, value: str) -> str:
        """Keep a secret; back comes where: ``keyring`` or ``file``.

        Raises:
            SettingsError: if the name is none of those there can be, the value is empty, or it cannot be written.
        """
        name = _whole(name)
        if not _NAME.fullmatch(name):
            raise SettingsError(
                "{name!r} is no name of a secret. Use llm, line, database, plant, "
                "camera:rtsp://USER@HOST, output:mqtts://USER@HOST or hook:HOST.",
                name=name[:80],
            )
        if not value:
            raise SettingsError("The secret {name} is empty. Give it, or remove it.", name=name)
        hide(value)
        with self._alone():
            place = _KEYRING if self._put_in_keyring(name, value) else _FILE
            if place == _FILE:
                self._file.write(self._file.read() | {name: value})
            self._write_index(self._index() | {name: place})
        return place

    def put(self, name: str, value: str) -> None:
        """Keep a secret, or with an empty value have none of this name.

        Raises:
            SettingsError: as :meth:`set`.
        """
        if value:
            self.set(name, value)
        elif name in self.names():
            self.remove(name)

    def remove(self, name: str) -> None:
        """Forget a secret.

        Raises:
            SettingsError: if there is none of this name.
        """
        name = _whole(name)
        with self._alone():
            index = self._index()
            place = index.pop(name, "")
            if not place:
                raise SettingsError(
                    "There is no secret {name!r}. main.py secret list shows which there are.", name=name[:80]
                )
            if place == _KEYRING:
                self._delete_from_keyring(name)
            else:
                self._file.write({key: value for key, value in self._file.read().items() if key != name})
            self._write_index(index)

    def filled(self, address: str, name: str = "", password: str | None = None) -> str:
        """An address with its password put in, where it names a user and no password and a secret is kept for it.

        Args:
            address: a URL.
            name: of the secret; that of the camera with this scheme, host, port and user when not given.
            password: to put in; None takes the one that is kept.
        """
        try:
            parts = urlsplit(address)
        except ValueError:
            # Brackets that belong to no host: whoever opens it says what is wrong with it.
            return address
        if parts.password:
            hide(unquote(parts.password))
        if not parts.username or parts.password is not None:
            return address
        if password is None:
            password = self.get(name or f"{CAMERA}{bound_to(address)}")
        if not password:
            return address
        user, host = parts.netloc.rsplit("@", 1)
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))

    def emptied(self, address: str, name: str = "") -> str:
        """An address without its password, which is kept from now on where :meth:`filled` finds it.

        Args:
            address: a URL; one without a name and a password comes back as it is.
            name: of the secret; as for :meth:`filled` when not given.

        Raises:
            SettingsError: if the password cannot be kept.
        """
        scheme, separator, rest = address.partition("://")
        # An unescaped password of a camera may itself hold @ and /, which its path never does.
        authority, rest = _divided(rest) if name else (rest, "")
        person, _, host = authority.rpartition("@")
        user, _, password = person.partition(":")
        if not (separator and user and password):
            return address
        secret = name or f"{CAMERA}{bound_to(f'{scheme}://{user}@{host}')}"
        if secret == CAMERA:
            # Brackets that belong to no host, so it can be no camera's either.
            return f"{scheme}://{host}{rest}"
        if self.get(secret) != unquote(password):
            self.set(secret, unquote(password))
        return f"{scheme}://{user}@{host}{rest}"

    def require_bound(self, address: str, kind: str = CAMERA) -> None:
        """Say what to do where only an older program kept a password, which any address with this host would be given.

        Args:
            address: of a camera or an output.
            kind: ``CAMERA`` or ``OUTPUT``.

        Raises:
            SourceError: with the remedy.
        """
        place = bound_to(address)
        if not place or urlsplit(address).password is not None or self.place(f"{kind}{place}"):
            return
        parts = urlsplit(address)
        old = f"rtsp:{parts.hostname}" if kind == CAMERA else f"{OUTPUT}{parts.netloc}"
        if old in self._index():
            raise SourceError(
                "The password {old} was kept by an older program, which would give it to any address of "
                "that host. Keep it for this one: main.py secret set {kind}{place}, then main.py secret "
                "remove {old}.",
                old=old,
                kind=kind,
                place=place,
            )

    def hook_secret(self, address: str) -> str:
        """What signs the posts to a web address, by its host and port; empty where none is kept."""
        try:
            parts = urlsplit(address)
            place = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
        except ValueError:
            # Brackets that belong to no host: whoever opens it says what is wrong with it.
            return ""
        is_signed = any(parts.scheme in spec.schemes for spec in specs() if spec.is_signed)
        return self.get(f"{HOOK}{place}") if is_signed else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold back every other program that changes secrets here: each would write over the other's."""
        lock = FileLock(self._home / "secrets.lock", timeout=_LOCK_TIMEOUT_S, mode=0o600)
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise SettingsError(
                "Another program is changing the secrets in {home}. Try again.", home=self._home
            ) from error
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(
                "{home} cannot be written: {reason}. Ask for permission to write it.", home=self._home, reason=reason
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _index(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._index_path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SettingsError(
                "{index_path} cannot be read. Delete it and enter the secrets again.", index_path=self._index_path
            ) from error
        return found

    def _write_index(self, index: dict[str, str]) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            write_private(self._index_path, json.dumps(index, indent=2, sort_keys=True).encode())
        except OSError as error:
            raise SettingsError(
                "{index_path} cannot be written: {strerror}.",
                index_path=self._index_path,
                strerror=error.strerror or error,
            ) from error

    def _account(self, name: str) -> str:
        return f"{name} of {self._home.resolve()}"

    def _put_in_keyring(self, name: str, value: str) -> bool:
        """False where there is no keyring that works, as on a machine without a desktop."""
        if os.environ.get(BACKEND) == _FILE:
            return False
        # Slow to import, and it may ask the desktop: only when a secret is really needed.
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(_SERVICE, self._account(name), value)
        except (KeyringError, RuntimeError, OSError):
            return False
        return True

    def _from_keyring(self, name: str) -> str:
        import keyring
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(_SERVICE, self._account(name)) or ""
        except (KeyringError, RuntimeError, OSError) as error:
            raise SettingsError(
                "The keyring does not return the secret {name}. Unlock it, then try again.", name=name
            ) from error

    def _delete_from_keyring(self, name: str) -> None:
        import keyring
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            keyring.delete_password(_SERVICE, self._account(name))
        except PasswordDeleteError:
            # Somebody deleted it there already, which is what was wanted.
            return
        except (KeyringError, RuntimeError, OSError) as error:
            raise SettingsError(
                "The keyring does not remove the secret {name}. Unlock it, then try again.", name=name
            ) from error


def _whole(name: str) -> str:
    """The name of a secret with the port that is meant, where it names an address without one."""
    kind, _, address = name.partition(":")
    if f"{kind}:" in {CAMERA, OUTPUT} and "://" in address:
        return f"{kind}:{bound_to(address)}"
    return name


def _divided(rest: str) -> tuple[str, str]:
    """What stands behind a URL's ``://``, as its authority and the path behind it."""
    authority, slash, path = rest.partition("/")
    return authority, slash + path
