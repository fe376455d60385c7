"""OPC UA: a server that clients read, hear every result of, and call ``Inspect`` at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.spec import FieldKind, OutputField, OutputSpec, Serving, Where, needs
from filo_core.line.plc.access import ModbusAccess, is_loopback
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from filo_core.line.plc.opcua_panel import OpcUaPanel
    from filo_core.line.plc.opcua_server import OpcUaServer


def serve(serving: Serving) -> tuple[OpcUaPanel, OpcUaServer]:
    """What a client sees of a line, and the server that shows it.

    Raises:
        SourceError: if the library is not installed, whoever is on the network could read and ask, or no password is
            kept for the user.
    """
    needs("asyncua", "OPC UA")
    refuse(serving.address, serving.host, serving.fields, serving.access)
    from filo_core.line.plc.opcua_panel import OpcUaPanel
    from filo_core.line.plc.opcua_server import OpcUaDoor, OpcUaServer
    from filo_core.line.triggers.base import TriggerKind
    from filo_core.line.triggers.desk import Desk

    parts = urlsplit(serving.address)
    if parts.username and not parts.password:
        raise SourceError(
            "No password is kept for {user}, who is to sign in at the OPC UA server on {host}: whoever knows the name "
            "would come in. Set one in Settings → Outputs, or with secret set.",
            user=unquote(parts.username),
            host=serving.host,
        )
    certificate, key = serving.fields["certificate"], serving.fields["key"]
    door = OpcUaDoor(
        serving.host,
        serving.port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        Path(certificate) if parts.scheme == SPEC.secure else None,
        Path(key) if key else None,
    )
    panel, recipe = OpcUaPanel(serving.line, serving.has_alarm), serving.recipe
    desk = None
    if serving.asks is not None:
        desk = Desk(
            serving.asks,
            TriggerKind.OPCUA,
            recipe.product,
            deadline_s=serving.deadline_s,
            own_fields=serving.own_fields,
        )
    return panel, OpcUaServer(panel, door, recipe.product, recipe.content_hash, desk, serving.longest_s)


def refuse(address: str, host: str, fields: Mapping[str, str], _access: ModbusAccess) -> None:
    """Who is on the network reads and asks only with a password, and encrypted.

    Raises:
        SourceError: if that is not so, or the certificate is missing.
    """
    needs("asyncua", "OPC UA")
    parts = urlsplit(address)
    if parts.scheme == SPEC.kind:
        if not is_loopback(host):
            raise SourceError(
                "The OPC UA server on {host} could be read and asked by whoever is on the network. Write "
                "opcuas://USER@HOST:PORT?certificate=FILE&key=FILE, or listen on 127.0.0.1.",
                host=host,
            )
        return
    if not parts.username:
        raise SourceError("An encrypted OPC UA server asks for a user. Write opcuas://USER@HOST:PORT.")
    for name in ("certificate", "key"):
        if not fields[name]:
            raise SourceError("An encrypted OPC UA server needs {name}, a file. Name it behind the address.", name=name)
        if not Path(fields[name]).is_file():
            raise SourceError("{path} is no file. Name the {name} of the OPC UA server.", path=fields[name], name=name)


SPEC = OutputSpec(
    kind="opcua",
    rank=50,
    called=Sentence("OPC UA server"),
    where=Where.LISTENS,
    place_caption=Sentence("Address and port that clients connect to"),
    place_example="127.0.0.1:4840",
    forms=("opcua(s)://HOST:PORT",),
    about="OPC UA server",
    delivered="never: clients read, or hear of it by an event, see [below](#opc-ua)",
    help=Sentence("Without encryption and user on 127.0.0.1 only."),
    secure="opcuas",
    ports={"opcua": 4840, "opcuas": 4840},
    has_user=True,
    fields=(
        OutputField(
            "certificate",
            Sentence("Certificate of the server"),
            Sentence("A file, PEM or DER."),
            FieldKind.FILE,
            only_secure=True,
        ),
        OutputField(
            "key",
            Sentence("Private key"),
            Sentence("A file without a password."),
            FieldKind.FILE,
            only_secure=True,
        ),
    ),
    serve=serve,
    refuse=refuse,
)
