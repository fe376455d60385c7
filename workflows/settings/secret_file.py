"""Secrets in an encrypted file, for machines without a keyring.

With ``FILO_SECRETS_PASSPHRASE`` set, the key is derived from it and stands nowhere on the disk. Without it, a random
key lies beside the file for its owner's eyes only: that protects a secret in a copy of the file, in a picture of the
screen and in a log, and not against somebody who can read the whole data folder as its owner.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from filo_core.errors import SettingsError
from filo_core.whole_files import write_private

PASSPHRASE = "FILO_SECRETS_PASSPHRASE"  # noqa: S105 - the variable's name
_SALT_BYTES = 16


class SecretFile:
    """A dictionary of secrets in one file, ``secrets.enc`` in the data folder."""

    def __init__(self, home: Path) -> None:
        self._path = home / "secrets.enc"
        self._key_path = home / "secrets.key"

    def read(self) -> dict[str, str]:
        """All secrets; none where there is no file.

        Raises:
            SettingsError: if the file cannot be read, is damaged, or was written with another key or passphrase.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(
                "{path} cannot be read: {strerror}. Ask for permission to read it.",
                path=self._path,
                strerror=error.strerror or error,
            ) from error
        salt, token = content[:_SALT_BYTES], content[_SALT_BYTES:]
        try:
            found: dict[str, str] = json.loads(Fernet(self._key(salt)).decrypt(token))
        except (InvalidToken, ValueError) as error:
            raise SettingsError(
                "{path} cannot be decrypted. Set {passphrase} to the passphrase it was written with, or "
                "delete the file and enter the secrets again.",
                path=self._path,
                passphrase=PASSPHRASE,
            ) from error
        return found

    def write(self, secrets: Mapping[str, str]) -> None:
        """Replace all secrets, whole or not at all.

        Raises:
            SettingsError: if the file cannot be written.
        """
        salt = os.urandom(_SALT_BYTES)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            token = Fernet(self._key(salt)).encrypt(json.dumps(dict(secrets)).encode())
            write_private(self._path, salt + token)
        except OSError as error:
            raise SettingsError(
                "{path} cannot be written: {strerror}. Ask for permission, or free some space.",
                path=self._path,
                strerror=error.strerror or error,
            ) from error

    def _key(self, salt: bytes) -> bytes:
        passphrase = os.environ.get(PASSPHRASE, "")
        if passphrase:
            derived = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
            return base64.urlsafe_b64encode(derived)
        if not self._key_path.exists():
            write_private(self._key_path, Fernet.generate_key())
        return self._key_path.read_bytes()
