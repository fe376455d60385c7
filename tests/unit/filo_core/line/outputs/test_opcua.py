"""The OPC UA server against asyncua's own client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from filo_core.errors import SourceError
from filo_core.identity import Identity
from filo_core.line.outputs import spec as specs_module
from filo_core.line.plc.opcua_panel import OpcUaPanel
from filo_core.line.results import LineResult
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.types import AnomalyType, Limits, ProductKind, Recipe, Verdict
from tools.stream_rig import free_port
from workflows.line.doors import Doors
from workflows.line.triggers import plc_server
from workflows.settings.output_address import Output

asyncua = pytest.importorskip("asyncua", reason="pip install 'filo-inspector[protocols]'")

from asyncua import Client, ua  # noqa: E402
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256  # noqa: E402

WaitUntil = Callable[[Callable[[], object]], None]
RECIPE = Recipe(
    product="nut",
    class_name="nut",
    kind=ProductKind.OBJECT,
    domain="",
    anomaly_types=(AnomalyType("scratch"),),
    references=(),
    region_of_interest=None,
    limits=Limits(ok=0.3, ng=0.6, region=0.5),
    profile="compact",
    model_hash="m" * 64,
)


PART = Identity("SN-1", "L7", "0815")


def result(name: str, verdict: Verdict = Verdict.NG, identity: Identity = PART) -> LineResult:
    return LineResult(name, "nut", "h" * 64, verdict, datetime.now(UTC), "scratch", "top", 2, 0.9, identity=identity)


class Line:
    """A line that answers at once, unless it is told to hang."""

    def __init__(self) -> None:
        self.problem, self.heartbeat, self.verdict, self.hangs = "", 7, Verdict.OK, False
        self.asked: list[Trigger] = []
        self._tickets: dict[str, Ticket] = {}

    def ask(self, trigger: Trigger) -> Ticket:
        if trigger.trigger_id in self._tickets:
            return self._tickets[trigger.trigger_id]
        ticket = self._tickets[trigger.trigger_id] = Ticket(trigger)
        self.asked.append(trigger)
        if not self.hangs:
            ticket.answer(result(trigger.trigger_id, self.verdict, trigger.identity))
        return ticket


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def serving(line: Line) -> Iterator[Callable[..., tuple[OpcUaPanel, str]]]:
    with ExitStack() as ending:

        def make(address: str = "", *, asks: Line | None = line, **doors: Any) -> tuple[OpcUaPanel, str]:
            port = free_port()
            output = Output(address=(address or "opcua://127.0.0.1:PORT").replace("PORT", str(port)))
            panel, server = plc_server(output, line, RECIPE, Doors(**doors), asks, deadline_s=1.0)
            server.start()
            ending.callback(server.stop)
            assert isinstance(panel, OpcUaPanel)
            return panel, f"opc.tcp://127.0.0.1:{port}/filo"

        yield make


def run(with_client: Callable[[Client, Any], Coroutine[Any, Any, Any]], url: str, **options: Any) -> Any:
    """What a client comes to, within a time that a busy machine keeps."""

    async def connected() -> Any:
        client = Client(url, timeout=20)
        if options.get("user"):
            client.set_user(options["user"])
            client.set_password(options["password"])
        if "certificate" in options:
            client.application_uri = "urn:test:client"
            await client.set_security(
                SecurityPolicyBasic256Sha256, options["certificate"], options["key"], mode=options.get(
                    "mode", ua.MessageSecurityMode.SignAndEncrypt)
            )  # fmt: skip
        async with client:
            index = await client.get_namespace_index("urn:filo-inspector:line")
            system = await client.nodes.objects.get_child(f"{index}:VisionSystem")
            return await with_client(client, Reader(system, index))

    return asyncio.run(asyncio.wait_for(connected(), 60))


class Reader:
    def __init__(self, system: Any, index: int) -> None:
        self.system, self.index = system, index

    async def node(self, path: str) -> Any:
        return await self.system.get_child([f"{self.index}:{name}" for name in path.split("/")])

    async def value(self, path: str) -> Any:
        return await (await self.node(path)).read_value()

    async def inspect(self, *given: str) -> list[Any]:
        said = [ua.Variant(one, ua.VariantType.String) for one in (*given, *[""] * (7 - len(given)))]
        return list(await self.system.call_method(f"{self.index}:Inspect", *said))

    async def until(self, path: str, wanted: object) -> None:
        by = time.monotonic() + 20
        while await self.value(path) != wanted:
            assert time.monotonic() < by, f"{path} is {await self.value(path)!r} and not {wanted!r}"
            await asyncio.sleep(0.02)


def test_a_client_reads_the_newest_result_and_it_goes_after_two_seconds(
    serving: Callable[..., tuple[OpcUaPanel, str]], line: Line
) -> None:
    panel, url = serving()

    async def read(_client: Client, reader: Reader) -> None:
        assert await reader.value("ResultManagement/Verdict") == ""
        assert await reader.value("ResultManagement/Valid") is False
        assert await reader.value("ResultManagement/ProductId") == "nut"
        assert await reader.value("ResultManagement/InternalRecipeId") == RECIPE.content_hash
        panel.publish(result("box-1", Verdict.OK), is_current=True)
        await reader.until("ResultManagement/Pass", True)
        found = {
            name: await reader.value(f"ResultManagement/{name}")
            for name in ("ResultId", "Verdict", "PartId", "Lot", "Order", "Score", "AnomalyType", "ReadsAs")
        }
        assert found == {
            "ResultId": "box-1", "Verdict": "OK", "PartId": "SN-1", "Lot": "L7", "Order": "0815", "Score": 0.9,
            "AnomalyType": "scratch", "ReadsAs": "OK",
        }  # fmt: skip
        assert json.loads(await reader.value("ResultManagement/ResultContent"))["trigger_id"] == "box-1"
        await reader.until("ResultManagement/Valid", False)
        assert await reader.value("ResultManagement/Pass") is False
        assert await reader.value("ResultManagement/PartId") == ""
        panel.publish(result("box-2", Verdict.REVIEW), is_current=False)
        await reader.until("Counters/Results", 2)
        assert await reader.value("ResultManagement/Valid") is False
        counted = [await reader.value(f"Counters/{name}") for name in ("OK", "Review", "NG", "NotInspected")]
        assert counted == [1, 1, 0, 0]

    run(read, url)


def test_a_line_that_is_not_ready_shows_no_pass_and_says_why(
    serving: Callable[..., tuple[OpcUaPanel, str]], line: Line
) -> None:
    panel, url = serving(asks=None)

    async def read(_client: Client, reader: Reader) -> None:
        await reader.until("SystemState/CurrentState", "Ready")
        panel.publish(result("box-1", Verdict.OK), is_current=True)
        await reader.until("ResultManagement/Pass", True)
        line.problem, line.heartbeat = "The camera is away.", 8
        await reader.until("ResultManagement/Pass", False)
        await reader.until("SystemState/Problem", "The camera is away.")
        assert await reader.value("SystemState/CurrentState") == "Error"
        assert await reader.value("SystemState/Ready") is False
        assert await reader.value("SystemState/Heartbeat") == 8
        line.problem = ""
        await reader.until("SystemState/CurrentState", "Ready")
        # For good: what lies there now has yet to be seen.
        assert await reader.value("ResultManagement/Valid") is False
        panel.withdraw()
        await reader.until("SystemState/CurrentState", "SingleExecution")
        verdict = await reader.inspect("1")
        assert (verdict[1], verdict[2]) == ("NOT_INSPECTED", False)
        assert "only read here" in verdict[4]

    run(read, url)


def test_inspect_asks_for_one_part_and_says_its_verdict(
    serving: Callable[..., tuple[OpcUaPanel, str]], line: Line
) -> None:
    _, url = serving(own_fields=("mould",))

    async def ask(_client: Client, reader: Reader) -> None:
        first = await reader.inspect("7", "SN-9", "L7", "0815", "M3")
        assert first[:4] == ["opcua-7", "OK", True, 0.9]
        assert line.asked[0].identity == Identity("SN-9", "L7", "0815", field_1="M3")
        again = await reader.inspect("7", "SN-9")
        assert (again[1], json.loads(again[5])["repeated"]) == ("OK", True)
        other = await reader.inspect("7", "SN-10")
        assert (other[1], other[2]) == ("NOT_INSPECTED", False)
        assert "begun for another part" in other[4]
        unnamed = [await reader.inspect() for _ in range(2)]
        assert unnamed[0][0] != unnamed[1][0]
        for given, words in (
            (("../x",), "1 to 80 letters"),
            (("8", "x" * 5000), "5,000 characters|5000 characters"),
            (("8", "a\u202eb"), "cannot be seen"),
        ):
            refused = await reader.inspect(*given)
            assert refused[2] is False
            assert any(word in refused[4] for word in words.split("|")), refused[4]
        line.verdict = Verdict.REVIEW
        assert (await reader.inspect("9"))[1:3] == ["REVIEW", False]
        line.hangs = True
        silent = await reader.inspect("10")
        assert (silent[2], silent[4]) == (False, "The line did not answer.")

    run(ask, url)


def test_every_result_is_an_event_with_its_part(
    serving: Callable[..., tuple[OpcUaPanel, str]],
) -> None:
    panel, url = serving()

    class Heard:
        def __init__(self) -> None:
            self.events: list[Any] = []

        def event_notification(self, event: Any) -> None:
            self.events.append(event)

    async def hear(client: Client, reader: Reader) -> None:
        heard = Heard()
        subscription = await client.create_subscription(50, heard)
        kind = await client.nodes.base_event_type.get_child(f"{reader.index}:ResultReadyEventType")
        await subscription.subscribe_events(reader.system, kind)
        for number in range(20):
            part = Identity(f"SN-{number}", "L7")
            panel.publish(result(f"box-{number}", Verdict.OK if number % 2 else Verdict.NG, part), is_current=True)
        by = time.monotonic() + 20
        while len(heard.events) < 20 and time.monotonic() < by:
            await asyncio.sleep(0.02)
        assert [event.PartId for event in heard.events] == [f"SN-{number}" for number in range(20)]
        assert [event.Pass for event in heard.events] == [bool(number % 2) for number in range(20)]
        assert (heard.events[0].Verdict, heard.events[0].Lot, heard.events[0].ProductId) == ("NG", "L7", "nut")

    run(hear, url)


def test_nothing_of_it_can_be_written(serving: Callable[..., tuple[OpcUaPanel, str]]) -> None:
    _, url = serving()

    async def write(client: Client, reader: Reader) -> None:
        for path in ("ResultManagement/Pass", "SystemState/Ready", "Counters/Results"):
            node = await reader.node(path)
            before = await node.read_value()
            with pytest.raises(ua.UaStatusCodeError):
                await node.write_value(ua.Variant(True, ua.VariantType.Boolean))
            assert await node.read_value() == before
        with pytest.raises(ua.UaStatusCodeError):
            await reader.system.add_variable(reader.index, "Mine", 1)
        with pytest.raises(ua.UaStatusCodeError):
            await client.delete_nodes([reader.system])

    run(write, url)


def certified(folder: Path, name: str) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(f"urn:test:{name}"), x509.DNSName("localhost")]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}-key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"certificate": str(folder / f"{name}.pem"), "key": str(folder / f"{name}-key.pem")}


def test_with_a_certificate_it_asks_for_user_and_encryption(
    serving: Callable[..., tuple[OpcUaPanel, str]], tmp_path: Path
) -> None:
    own, other = certified(tmp_path, "server"), certified(tmp_path, "client")
    behind = f"certificate={own['certificate']}&key={own['key']}"
    address = f"opcuas://anna@127.0.0.1:PORT?{behind}"
    _, url = serving(address, filled=lambda kept: kept.replace("anna@", "anna:geheim@"))

    async def ask(_client: Client, reader: Reader) -> Any:
        return (await reader.inspect("7"))[1]

    signed_in = {"user": "anna", "password": "geheim"}
    assert run(ask, url, **other, **signed_in) == "OK"
    for wrong in (
        other | {"user": "anna", "password": "other"},
        other | {"user": "ben", "password": "geheim"},
        other,
        signed_in,
        other | signed_in | {"mode": ua.MessageSecurityMode.Sign},
    ):
        with pytest.raises((ua.UaError, asyncio.TimeoutError, ConnectionError)):
            run(ask, url, **wrong)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("opcua://0.0.0.0:4840", "by whoever is on the network"),
        ("opcua://anna@10.0.0.7:4840", "by whoever is on the network"),
        ("opcuas://127.0.0.1:4840", "asks for a user"),
        ("opcuas://anna@127.0.0.1:4840", "needs certificate"),
        ("opcuas://anna@127.0.0.1:4840?certificate=/none.pem&key=/none.key", "is no file"),
        ("opcua://127.0.0.1:4840?cert=x", "'cert' is no field"),
        ("opcua://127.0.0.1", "names no port"),
    ],
)
def test_a_door_that_stands_open_is_refused(line: Line, address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        plc_server(Output(address=address), line, RECIPE, Doors(), line)


@pytest.mark.parametrize("scheme", ["opcua", "opcuas"])
def test_nobody_signs_in_where_no_password_is_kept(line: Line, tmp_path: Path, scheme: str) -> None:
    (tmp_path / "line.pem").write_bytes(b"one")
    behind = f"certificate={tmp_path}/line.pem&key={tmp_path}/line.pem"
    with pytest.raises(SourceError, match="No password is kept for anna"):
        plc_server(Output(address=f"{scheme}://anna@127.0.0.1:4840?{behind}"), line, RECIPE, Doors(), line)


def test_a_certificate_that_is_none_and_a_taken_port_are_sentences(line: Line, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_bytes(b"no certificate")
    behind = f"certificate={tmp_path}/none.pem&key={tmp_path}/none.pem"
    address = f"opcuas://anna:geheim@127.0.0.1:{free_port()}?{behind}"
    _, server = plc_server(Output(address=address), line, RECIPE, Doors(), line)
    with pytest.raises(SourceError, match="cannot be used"):
        server.start()
    _, first = plc_server(taken := Output(address=f"opcua://127.0.0.1:{free_port()}"), line, RECIPE, Doors(), line)
    first.start()
    _, second = plc_server(taken, line, RECIPE, Doors(), line)
    with pytest.raises(SourceError, match="Choose another, or stop the line"):
        second.start()
    first.stop()


def test_without_its_library_it_says_what_to_install(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs_module, "find_spec", lambda _name: None)
    with pytest.raises(SourceError, match=r"needs the package asyncua.*filo-inspector\[protocols\]"):
        plc_server(Output(address="opcua://127.0.0.1:4840"), line, RECIPE, Doors(), line)
