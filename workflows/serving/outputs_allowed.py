"""Outputs that the file of the service names: once there are users, only those that somebody who may has confirmed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from filo_core.errors import SettingsError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from workflows.people.rights import Right, asks
from workflows.settings.redaction import redact

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.people.access import Access
    from workflows.serving.service_file import LineSpec, ServiceFile

_SUBJECT = "outputs of the service"


def untold_outputs(storage: Storage, name: str, spec: LineSpec) -> str:
    """Why a line must not deliver to its outputs, as a sentence; empty where it may.

    Raises:
        StorageError: if the record cannot be read.
    """
    if not spec.outputs:
        # Those of the settings, which the chain tells of.
        return ""
    with storage.reading() as transaction:
        if not transaction.users.any():
            return ""
        told = [event for event in transaction.events.vouched(EventKind.SETTINGS_CHANGED) if event.subject == _SUBJECT]
    confirmed = json.loads(told[0].detail)["changed"][_SUBJECT][1] if told else {}
    if confirmed.get(name) == _plain(spec):
        return ""
    return Sentence(
        "Nobody who may has confirmed the outputs of the line {name}. Let a supervisor say: main.py service confirm "
        "--user NAME",
        name=name,
    )


@asks(Right.SETTINGS)
def confirm_outputs(access: Access, file: ServiceFile) -> dict[str, list[str]]:
    """Let the lines deliver to the outputs that their file names now; back comes which.

    Raises:
        AccessError: if there are users, and nobody is signed in who may change settings.
        SettingsError: if the file names none.
    """
    lines = {name: _plain(spec) for name, spec in file.lines.items() if spec.outputs}
    if not lines:
        raise SettingsError("The file of the service names no outputs: its lines deliver to those of the settings.")
    access.tell(Right.SETTINGS, EventKind.SETTINGS_CHANGED, _SUBJECT, {"changed": {_SUBJECT: (None, lines)}})
    return lines


def _plain(spec: LineSpec) -> list[str]:
    return [redact(address) for address in spec.outputs]
