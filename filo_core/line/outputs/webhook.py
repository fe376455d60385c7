"""Webhook: every result is posted as JSON, and counts as delivered at an answer of 2xx."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from typing import TYPE_CHECKING

from filo_core.line.outputs.spec import Opening, OutputSpec, Where
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.line.sources.address import CameraAddress
from filo_core.notices import Notification
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    import httpx2

_TIMEOUT_S = 5.0
LONGEST_ANSWER = 64 << 10
"""Bytes of an answer that are read at most."""
_NOT_FOR_US = frozenset({401, 403, 404, 407, 410})
_NO_SUCH_METHOD = 501


class WebhookSink:
    """Posts to an ``http://`` or ``https://`` address. Redirects are not followed: they could lead anywhere.

    The header ``Idempotency-Key`` is the same at every try, ``FiLo-Delivery`` another one at each. With a secret that
    the receiver knows as well, ``FiLo-Signature`` is ``sha256=`` and the HMAC of delivery, time and content, with dots
    between them: whoever else posts to the receiver is told apart, and a delivery that is played again is old.

    Args:
        address: where to post to.
        timeout_s: longest wait for an answer.
        secret: signs what is posted; empty for none.
    """

    def __init__(self, address: str, timeout_s: float = _TIMEOUT_S, secret: str = "") -> None:
        self._secret = secret
        self._address = address
        self.name = CameraAddress(address).shown
        self._timeout_s = timeout_s
        self._client: httpx2.Client | None = None

    def __repr__(self) -> str:
        return f"WebhookSink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Post, and wait for the answer.

        Raises:
            SinkError: if there is none in time, or not one of success.
        """
        headers = {"Idempotency-Key": message.key, "Content-Type": "application/json"}
        self._post(message.to_json().encode(), headers)

    def tell_alarm(self, seal: Seal) -> None:
        """Post the alarm, or that it was settled, without a verdict.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        content = json.dumps(seal.fields, ensure_ascii=False).encode()
        key = f"alarm-{hashlib.sha256(seal.alarm.encode()).hexdigest()[:16]}-{seal.head.partition(':')[0]}"
        self._post(content, {"Idempotency-Key": key, "Content-Type": "application/json"})

    def _post(self, content: bytes, headers: dict[str, str]) -> None:
        answer = self._asked("POST", content, headers)
        if not answer.is_success:
            raise self._refusal(answer)

    def tell(self, readiness: Readiness) -> None:
        """Post the state of the line; the header ``FiLo-Kind: state`` tells it from a verdict.

        Raises:
            SinkError: if there is no answer in time. One that does not take it is not asked again.
        """
        headers = {"Idempotency-Key": f"state-{uuid.uuid4().hex}", "Content-Type": "application/json"}
        answer = self._asked("POST", readiness.to_json().encode(), headers | {"FiLo-Kind": "state"})
        if answer.is_server_error:
            raise self._refusal(answer)

    def take_notice(self, notice: Notification) -> None:
        """Post an alarm or that a report is there; the header ``FiLo-Kind: notice`` tells it from a verdict.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        headers = {"Idempotency-Key": notice.key, "Content-Type": "application/json", "FiLo-Kind": "notice"}
        self._post(notice.to_json().encode(), headers)

    def check(self) -> None:
        """Ask for the head alone: a server that takes nothing but posts says so, and is there.

        Raises:
            SinkError: if there is no answer, nobody knows the address, or it does not let us in.
        """
        status = (answer := self._asked("HEAD")).status_code
        if status in _NOT_FOR_US or (answer.is_server_error and status != _NO_SUCH_METHOD):
            raise self._refusal(answer)

    def _asked(self, method: str, content: bytes = b"", headers: dict[str, str] | None = None) -> httpx2.Response:
        import httpx2

        if self._client is None:
            self._client = httpx2.Client(timeout=self._timeout_s, follow_redirects=False, trust_env=False)
        sent = (headers or {}) | (self._signed(content) if method == "POST" else {})
        try:
            with self._client.stream(method, self._address, content=content or None, headers=sent) as answer:
                # As it comes, and no more than that: an answer is its status, and may be packed to be endless.
                read = 0
                for part in answer.iter_raw():
                    read += len(part)
                    if read > LONGEST_ANSWER:
                        break
            return answer
        except httpx2.TimeoutException as error:
            raise SinkError("{name} does not answer in time. Check its server.", name=self.name) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SinkError(
                "{name} does not answer ({kind}). Check its server.", name=self.name, kind=type(error).__name__
            ) from error

    def _signed(self, content: bytes) -> dict[str, str]:
        delivery, moment = uuid.uuid4().hex, str(int(time.time()))
        headers = {"FiLo-Delivery": delivery, "FiLo-Timestamp": moment}
        if self._secret:
            said = f"{delivery}.{moment}.".encode() + content
            headers["FiLo-Signature"] = f"sha256={hmac.new(self._secret.encode(), said, hashlib.sha256).hexdigest()}"
        return headers

    def _refusal(self, answer: httpx2.Response) -> SinkError:
        return SinkError(
            "{name} answered {status_code}. Check its server.", name=self.name, status_code=answer.status_code
        )

    def keep_alive(self) -> None:
        """The next post opens a connection where there is none."""

    def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _open(opening: Opening) -> WebhookSink:
    return WebhookSink(opening.address, secret=opening.secret)


SPEC = OutputSpec(
    kind="http",
    rank=20,
    called=Sentence("Web address"),
    where=Where.HOST,
    place_caption=Sentence("Host, port and path"),
    place_example="mes.local:8080/verdicts",
    forms=("http(s)://HOST/PATH",),
    about="webhook, header `Idempotency-Key`, and `FiLo-Delivery`, `FiLo-Timestamp`, `FiLo-Signature`",
    delivered="the answer is 2xx; 64 kB of it are read at most",
    secure="https",
    ports={"http": 80, "https": 443},
    has_user=True,
    is_signed=True,
    keeps_parameters=True,
    open=_open,
)
