"""This installation: its name, the key that its heads are signed with, and what it remembers of its record.

``installation.json`` in the data folder holds all but the key itself, which is in ``installation.key``: a file of its
own for its owner's eyes only, since a keyring would ask for its password at each start. It protects against whoever has
not this account; somebody who has can sign as well, but not take back what has left the machine.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from filo_core.errors import SettingsError
from filo_core.whole_files import write_private
from storage.audit.chain import Head

FILE_NAME, KEY_NAME = "installation.json", "installation.key"


class Installation:
    """The installation of one data folder; made where there is none.

    Args:
        home: the data folder.

    Raises:
        SettingsError: if it can neither be read nor made.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / FILE_NAME
        found = self._read()
        self.is_new = not found
        """Whether the folder had none: it is another one's, or as new as this."""
        self.name = str(found.get("installation") or uuid.uuid4().hex)
        """What the records are bound to that it begins."""
        self._key, self.key_is_new = self._key_of(str(found.get("public_key", "")))
        if self.key_is_new:
            self._write({"installation": self.name, "public_key": self.public_key})

    @property
    def public_key(self) -> str:
        """What its signatures are checked with: 32 bytes in hexadecimal."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, head: Head) -> str:
        """Signature of a head, in 86 characters that fit in a name of a file."""
        return base64.urlsafe_b64encode(self._key.sign(_signed(self.name, head))).decode().rstrip("=")

    def noted(self, record: str) -> Head | None:
        """The head that was last seen of a record; None for one that was never opened here.

        Args:
            record: the file or the server's address, as the storage shows it.
        """
        found = self._read().get("heads", {}).get(record)
        sequence, _, entry_hash = str(found or "").partition(":")
        return Head(int(sequence), entry_hash) if sequence.isdecimal() else None

    def note(self, record: str, head: Head) -> None:
        """Remember the head of a record."""
        heads = dict(self._read().get("heads", {}))
        if heads.get(record) != str(head):
            self._write({"heads": heads | {record: str(head)}})

    def checked_on(self, record: str) -> str:
        """The day on which the whole record was last checked; empty for never."""
        return str(self._read().get("checked", {}).get(record, ""))

    def note_check(self, record: str, day: str) -> None:
        """Remember that the whole record was checked."""
        self._write({"checked": dict(self._read().get("checked", {})) | {record: day}})

    def allowed_anew(self, record: str) -> Mapping[str, Any]:
        """What an admin said when they let an empty record take the place of an older one; empty if nobody did."""
        found: Mapping[str, Any] = self._read().get("begin_anew", {}).get(record, {})
        return found

    def allow_anew(self, record: str, said: Mapping[str, Any] | None) -> None:
        """Keep what an admin said, for the next start; None once it has begun."""
        allowed = {name: kept for name, kept in self._read().get("begin_anew", {}).items() if name != record}
        self._write({"begin_anew": allowed if said is None else allowed | {record: dict(said)}})

    def _key_of(self, public: str) -> tuple[Ed25519PrivateKey, bool]:
        """The private key of a public one; a new one where that is gone or another one's."""
        kept = self._key_file()
        try:
            key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept))
        except ValueError:
            pass
        else:
            if not public or key.public_key().public_bytes_raw().hex() == public:
                return key, not public
        key = Ed25519PrivateKey.generate()
        self._save(self._home / KEY_NAME, key.private_bytes_raw().hex().encode())
        return key, True

    def _key_file(self) -> str:
        try:
            return (self._home / KEY_NAME).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise SettingsError(
                "{home} cannot be read. Ask for permission to read it.", home=self._home / KEY_NAME
            ) from error

    def _read(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SettingsError(
                "{path} cannot be read. Put it back from a copy: it says which record is this folder's own.",
                path=self._path,
            ) from error
        return found

    def _write(self, changes: Mapping[str, Any]) -> None:
        content = json.dumps(self._read() | dict(changes), indent=2, sort_keys=True)
        self._save(self._path, content.encode())

    def _save(self, path: Path, content: bytes) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, content)
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(
                "{path} cannot be written: {reason}. Ask for permission, or free some space.", path=path, reason=reason
            ) from error


def signature_fits(installation: str, public_key: str, head: Head, signature: str) -> bool:
    """True if the installation of this key has signed the head."""
    try:
        padded = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(padded, _signed(installation, head))
    except (ValueError, InvalidSignature):
        return False
    return True


def _signed(installation: str, head: Head) -> bytes:
    return f"filo-head {installation} {head}".encode()
