"""OPC UA server: clients read the line, hear of every result, and call ``Inspect``. Nothing of it can be written."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.server import Server as UaServer
from asyncua.ua.object_ids import ObjectIds
from cryptography import x509

from filo_core.errors import FiloError, SourceError
from filo_core.identity import OWN_FIELDS
from filo_core.line.plc.opcua_panel import NO_RESULT, OpcUaPanel, fields_of
from filo_core.line.plc.port import check_port
from filo_core.loops import Loop

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.triggers.desk import Desk

logger = logging.getLogger(__name__)

_NODE_ID: Any = ua.NodeId
"""Typed for numbers of a type of its own."""
NAMESPACE = "urn:filo-inspector:line"
_LOOK_EVERY_S = 0.1
_START_S = 60.0
"""Its standard address space is built anew at each start, which takes seconds on a slow machine."""
_STOP_S = 10.0
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - OPC UA has UTC without a zone
_STATE = {"CurrentState": "", "Ready": False, "Heartbeat": 0, "Problem": "", "Alarm": False}
_RESULT = {
    "Valid": False, **NO_RESULT, "ProductId": "", "InternalRecipeId": "", "CreationTime": _EPOCH,
}  # fmt: skip
_COUNTERS = dict.fromkeys(("Results", "OK", "Review", "NG", "NotInspected"), 0)
_INPUTS = ("RequestId", "Serial", "Lot", "Order", *(f"Field{number}" for number in range(1, len(OWN_FIELDS) + 1)))
_SAID = ("id", "serial", "lot", "order", *OWN_FIELDS)
_READ_ONLY = "This line is only read here: continuous Live, or a folder without a camera. Nothing was inspected."


@dataclass(frozen=True, slots=True)
class OpcUaDoor:
    """Where it listens, and who may come in.

    Attributes:
        host: anything but loopback asks for user and encryption.
        port: of ``opc.tcp``.
        user: who signs in; empty lets everybody in, without encryption.
        password: of that user.
        certificate: of the server, in PEM or DER; with one nothing but Basic256Sha256, signed and encrypted, is
            offered.
        key: its private key.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    certificate: Path | None = None
    key: Path | None = None


class _OneUser:
    """Knows one user with one password, or lets everybody in."""

    def __init__(self, door: OpcUaDoor) -> None:
        self._door = door

    def get_user(
        self, _server: Any, username: str | None = None, password: str | None = None, **_others: Any
    ) -> User | None:
        """Who comes in, who may read and call; None for nobody."""
        if not self._door.user:
            return User(role=UserRole.User)
        given = f"{username or ''}\n{password or ''}".encode()
        if hmac.compare_digest(given, f"{self._door.user}\n{self._door.password}".encode()):
            return User(role=UserRole.User, name=self._door.user)
        logger.warning("the OPC UA server was asked with a wrong user or password")
        return None


class _ReadAndCall(SimpleRoleRuleset):
    """Nobody writes, whatever a node allows: the line says what is, and is told by ``Inspect`` alone."""

    _REFUSED = frozenset(
        map(
            _NODE_ID,
            (
                ObjectIds.WriteRequest_Encoding_DefaultBinary,
                ObjectIds.HistoryUpdateRequest_Encoding_DefaultBinary,
                ObjectIds.AddNodesRequest_Encoding_DefaultBinary,
                ObjectIds.DeleteNodesRequest_Encoding_DefaultBinary,
            ),
        )
    )

    def __init__(self) -> None:
        untyped: Any = super()
        untyped.__init__()

    def check_validity(self, user: Any, action_type: Any, body: Any) -> bool:
        """Whether a request may be answered."""
        untyped: Any = super()
        return action_type not in self._REFUSED and bool(untyped.check_validity(user, action_type, body))


class OpcUaServer:
    """Serves one panel, on a thread with an event loop of its own.

    Args:
        panel: holds the state.
        door: where it listens.
        product: what is inspected.
        recipe_hash: by which recipe.
        desk: takes what ``Inspect`` asks for; None where the line is only read.
        longest_s: so long ``Inspect`` waits for its answer.

    Raises:
        SourceError: from :meth:`start`, if the port or the certificate cannot be used.
    """

    def __init__(
        self, panel: OpcUaPanel, door: OpcUaDoor, product: str, recipe_hash: str, desk: Desk | None, longest_s: float
    ) -> None:
        self._panel = panel
        self._door = door
        self._first = {"ProductId": product, "InternalRecipeId": recipe_hash}
        self._desk = desk
        self._longest_s = longest_s
        self._started = threading.Event()
        self._refusal: Exception | None = None
        self._nodes: dict[str, Any] = {}
        self._kinds: dict[str, ua.VariantType] = {}
        self._written: dict[str, Any] = {}
        self._serving = Loop("filo-opcua", lambda: asyncio.run(self._serve()), "answers OPC UA")

    @property
    def problem(self) -> str:
        """Why it does not answer now, as a sentence; empty when all is well."""
        return self._serving.problem

    def start(self) -> None:
        """Listen."""
        # It logs every request, and a traceback for every client that goes away.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        self._serving.start()
        if not self._started.wait(_START_S) or self._refusal is not None:
            self.stop()
            raise self._why()

    def _why(self) -> SourceError:
        door, error = self._door, self._refusal
        if isinstance(error, SourceError):
            return error
        if isinstance(error, OSError) and door.certificate is not None and error.filename:
            return self._wrong_certificate(error)
        if error is None or isinstance(error, OSError):
            return SourceError(
                "Port {port} of {host} cannot be used for OPC UA. Choose another.", port=door.port, host=door.host
            )
        return self._wrong_certificate(error)

    def _wrong_certificate(self, error: Exception) -> SourceError:
        return SourceError(
            "The certificate {certificate} of the OPC UA server cannot be used ({error}). Give a certificate and its "
            "key without a password, in PEM or DER.",
            certificate=self._door.certificate or "",
            error=error,
        )

    def stop(self) -> None:
        """Close the port and every connection."""
        self._serving.stop(_STOP_S)
        if self._desk is not None:
            self._desk.close()

    async def _serve(self) -> None:
        try:
            server, generator = await self._set_up()
            await server.start()
        except Exception as error:
            if self._started.is_set():
                raise
            self._refusal = error
            self._started.set()
            return
        self._started.set()
        try:
            while not self._serving.must_stop():
                await self._show()
                while (result := self._panel.next_event()) is not None:
                    await self._fire(generator, result)
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            await server.stop()

    async def _set_up(self) -> tuple[Any, Any]:
        door = self._door
        self._nodes, self._written = {}, {}
        # Both are tried before the address space is built, which takes a second or more.
        check_port(door.host, door.port)
        server = UaServer(user_manager=_OneUser(door))  # type: ignore[arg-type]
        if door.certificate is not None:
            chain, key = door.certificate.read_bytes(), (door.key or door.certificate).read_bytes()
            await server.load_certificate(chain, _format(chain))
            await server.load_private_key(key, format=_format(key))
        await server.init()
        host = f"[{door.host}]" if ":" in door.host else door.host
        server.set_endpoint(f"opc.tcp://{host}:{door.port}/filo")
        server.set_server_name("FiLo Inspector")
        await self._secure(server)
        index = await server.register_namespace(NAMESPACE)
        system = await server.nodes.objects.add_object(index, "VisionSystem")
        for folder, variables in (
            ("SystemState", _STATE), ("ResultManagement", _RESULT | self._first), ("Counters", _COUNTERS),
        ):  # fmt: skip
            parent = await system.add_object(index, folder)
            for name, value in variables.items():
                await self._add(parent, index, name, value)
        names = [ua.Argument(Name=name, DataType=_NODE_ID(ObjectIds.String)) for name in _INPUTS]
        outputs = [
            ua.Argument(Name=name, DataType=_NODE_ID(kind))
            for name, kind in (
                ("ResultId", ObjectIds.String),
                ("Verdict", ObjectIds.String),
                ("Pass", ObjectIds.Boolean),
                ("Score", ObjectIds.Double),
                ("Reason", ObjectIds.String),
                ("ResultContent", ObjectIds.String),
            )
        ]
        await system.add_method(index, "Inspect", self._inspect, names, outputs)
        properties = [(name, _kind(value)) for name, value in (_RESULT | self._first).items() if name != "Valid"]
        event = await server.create_custom_event_type(index, "ResultReadyEventType", properties=properties)
        return server, await server.get_event_generator(event, system.nodeid)

    async def _secure(self, server: Any) -> None:
        door, rules = self._door, _ReadAndCall()
        if door.certificate is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity], permission_ruleset=rules)
        else:
            await server.set_application_uri(_uri_of(server.iserver.certificate))
            only = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
            server.set_security_policy(only, permission_ruleset=rules)
        server.set_identity_tokens([ua.UserNameIdentityToken] if door.user else [ua.AnonymousIdentityToken])

    async def _add(self, parent: Any, index: int, name: str, value: Any) -> None:
        kind = self._kinds[name] = _kind(value)
        self._nodes[name] = await parent.add_variable(index, name, ua.Variant(value, kind))
        self._written[name] = value

    async def _show(self) -> None:
        values = self._panel.values()
        changed = {name: value for name, value in values.items() if value != self._written[name]}
        if "ResultId" in changed or "Verdict" in changed:
            # Whoever reads one after the other must find no PASS beside another part's result.
            for name in ("Valid", "Pass"):
                await self._write(name, False)
            changed |= {name: values[name] for name in ("Valid", "Pass")}
        for name in sorted(changed, key=lambda name: name in {"Valid", "Pass"}):
            await self._write(name, changed[name])

    async def _write(self, name: str, value: Any) -> None:
        await self._nodes[name].write_value(ua.Variant(value, self._kinds[name]))
        self._written[name] = value

    async def _fire(self, generator: Any, result: LineResult) -> None:
        for name, value in fields_of(result).items():
            setattr(generator.event, name, ua.Variant(value, _kind(value)).Value)
        generator.event.Severity = 1 if result.passes else 500
        await generator.trigger(message=f"{result.trigger_id}: {result.verdict.value}")

    async def _inspect(self, _parent: Any, *given: Any) -> list[Any]:
        """The method ``Inspect``: every answer that holds no verdict reads as NG."""
        said = {name: one.Value for name, one in zip(_SAID, given, strict=False) if one.Value}
        said.setdefault("id", uuid.uuid4().hex)
        if self._desk is None:
            return _answer({"error": _READ_ONLY})
        loop = asyncio.get_running_loop()
        told: asyncio.Future[dict[str, Any]] = loop.create_future()

        def give(content: dict[str, Any]) -> None:
            # From a thread of the desk, whether or not anybody still waits here.
            if not loop.is_closed():
                loop.call_soon_threadsafe(take, content)

        def take(content: dict[str, Any]) -> None:
            if not told.done():
                told.set_result(content)

        try:
            self._desk.ask(self._desk.wish(said), give)
            return _answer(await asyncio.wait_for(told, self._longest_s))
        except FiloError as error:
            return _answer({"error": str(error)})
        except (TimeoutError, RuntimeError):
            return _answer({"error": "The line did not answer."})


def _answer(told: dict[str, Any]) -> list[Any]:
    score = told.get("score")
    passes = told.get("reads_as") == "OK"
    return [
        ua.Variant(told.get("trigger_id", ""), ua.VariantType.String),
        ua.Variant(told.get("verdict", "NOT_INSPECTED"), ua.VariantType.String),
        ua.Variant(passes, ua.VariantType.Boolean),
        ua.Variant(-1.0 if score is None else float(score), ua.VariantType.Double),
        ua.Variant(told.get("error") or told.get("reason", ""), ua.VariantType.String),
        ua.Variant(json.dumps(told, ensure_ascii=False), ua.VariantType.String),
    ]


def _format(content: bytes) -> str:
    return "pem" if b"-----BEGIN" in content else "der"


def _kind(value: Any) -> ua.VariantType:
    kinds: dict[type, ua.VariantType] = {
        bool: ua.VariantType.Boolean,
        int: ua.VariantType.UInt32,
        float: ua.VariantType.Double,
        datetime: ua.VariantType.DateTime,
    }
    return kinds.get(type(value), ua.VariantType.String)


def _uri_of(certificate: x509.Certificate) -> str:
    """The name that clients hold against the certificate, which has to stand in it."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return NAMESPACE
    return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), NAMESPACE)
