"""Alarms go to people by e-mail, web address and broker, once each, whatever was away and whatever ended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import socket
from threading import Thread

import paho.mqtt.client as mqtt
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from paho.mqtt.enums import CallbackAPIVersion

from filo_core.alarms.engine import AlarmChange, AlarmKey
from filo_core.alarms.rules import AlarmKind
from filo_core.errors import SourceError
from filo_core.line.outputs.known import make_sink
from filo_core.line.outputs.mail import MailSink
from filo_core.line.sinks.base import SinkError
from filo_core.notices import NoticeKind, Notification, TakesNotices
from storage.outbox_notices import NoticeBox
from storage.storage import Storage
from tests.unit.storage.making import MOMENT
from workflows.line.delivery import BackOff
from workflows.line.making import line_wish
from workflows.line.outputs import OutputStore, outbox_names
from workflows.notices.book import AlarmBook
from workflows.notices.post import NoticePost
from workflows.people.access import Access
from workflows.settings.file import write_settings_file
from workflows.settings.output_address import Output
from workflows.settings.settings import Settings

KEY = AlarmKey(AlarmKind.CAMERA_LOST, "Live")
SAID = "Live: The camera is away. Check its cable."


class Mailbox:
    """A mail server on loopback: what it was sent, and a word that it refuses."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.recipients: list[list[str]] = []
        self.refuses = ""
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._signed_in, auth_require_tls=False
        )
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    def _signed_in(self, _server: object, _session: object, _envelope: object, _kind: str, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == b"right", handled=False)

    async def handle_RCPT(
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.refuses and self.refuses in address:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


class Posted:
    """A web address that takes what is posted, or says that it cannot."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.status = 200
        posted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if posted.status == 200:
                    assert self.headers["FiLo-Kind"] == "notice"
                    posted.bodies.append(json.loads(body))
                    posted.keys.append(self.headers["Idempotency-Key"])
                self.send_response(posted.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/alarms"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def posted() -> Iterator[Posted]:
    made = Posted()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def home(filo_home: Path) -> Path:
    filo_home.mkdir(exist_ok=True)
    return filo_home


def change(*, raised: bool) -> AlarmChange:
    return AlarmChange(KEY, is_raised=raised, at=MOMENT, value=10.0, sentence=SAID if raised else "")


def told_by(home: Path, *addresses: str) -> None:
    write_settings_file(home, {"outputs": tuple(Output(address=one) for one in addresses)})


def post_of(home: Path, storage: Storage, clock: Callable[[], float] = lambda: 0.0) -> NoticePost:
    return NoticePost(Settings(home=home, station="line 3"), storage, BackOff(10.0, 60.0), clock)


def test_an_alarm_is_mailed_and_posted_once_raised_acknowledged_and_cleared(
    home: Path, storage: Storage, mailbox: Mailbox, posted: Posted
) -> None:
    told_by(home, f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example,bo@plant.example", posted.address)
    book, post = AlarmBook(storage, "line 3"), post_of(home, storage)
    post.round()
    book.note([change(raised=True)])
    post.round()
    book.acknowledge(Access(storage), [book.standing()[0].event_id], "Ida")
    post.round()
    book.note([change(raised=False)])
    for _ in range(3):
        post.round()
    assert [mail["Subject"] for mail in mailbox.mails] == [
        "[ALARM] A camera gives no picture (Live)",
        "A camera gives no picture (Live)",
        "[OK] A camera gives no picture (Live)",
    ]
    assert mailbox.recipients[0] == ["anna@plant.example", "bo@plant.example"]
    first = mailbox.mails[0].get_content()  # type: ignore[attr-defined]
    assert SAID in first
    assert "line 3" in first
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 3
    assert [body["kind"] for body in posted.bodies] == ["alarm raised", "alarm acknowledged", "alarm cleared"]
    assert [body["text"] for body in posted.bodies] == [SAID] * 3
    assert posted.bodies[1]["by"] == "Ida"
    assert posted.bodies[0] | {"key": ""} == {
        "key": "",
        "kind": "alarm raised",
        "title": "A camera gives no picture",
        "text": SAID,
        "at": MOMENT.isoformat(),
        "station": "line 3",
        "alarm": "camera_lost",
        "about": "Live",
        "by": "",
    }
    assert post.problem == ""


def test_a_server_that_is_away_for_a_day_gets_everything_in_order_and_nothing_twice(
    home: Path, storage: Storage, posted: Posted
) -> None:
    told_by(home, posted.address)
    now = [0.0]
    book, post = AlarmBook(storage), post_of(home, storage, lambda: now[0])
    post.round()
    posted.status = 503
    for raised in (True, False, True):
        book.note([change(raised=raised)])
        post.round()
        now[0] += timedelta(hours=8).total_seconds()
    assert "answered 503" in post.problem
    # The program ends in between.
    post.close()
    posted.status = 200
    again = post_of(home, storage, lambda: now[0])
    again.round()
    again.round()
    assert [body["kind"] for body in posted.bodies] == ["alarm raised", "alarm cleared", "alarm raised"]
    assert len(set(posted.keys)) == 3
    assert again.problem == ""


def test_a_server_that_does_not_answer_is_asked_again_ever_more_slowly(home: Path, storage: Storage) -> None:
    told_by(home, "http://127.0.0.1:9/alarms")
    now, tried = [0.0], []
    book, post = AlarmBook(storage), post_of(home, storage, lambda: now[0])
    post.round()
    book.note([change(raised=True)])
    box = NoticeBox(home / "outbox.sqlite")
    (name,) = outbox_names(Settings(home=home).outputs, home / "exports").values()
    for now[0] in (0, 5, 9, 11, 20, 30, 32):
        post.round()
        waiting = box.next_notice(name)
        assert waiting is not None
        tried.append(waiting.attempts)
    box.close()
    assert tried == [1, 1, 1, 2, 2, 2, 3], "after 10 s, and then after 20 s"


def test_what_was_before_there_was_anybody_to_tell_is_told_to_nobody(
    home: Path, storage: Storage, posted: Posted
) -> None:
    book = AlarmBook(storage)
    book.note([change(raised=True)])
    told_by(home, posted.address)
    post = post_of(home, storage)
    post.round()
    post.round()
    assert posted.bodies == []
    book.note([change(raised=False)])
    post.round()
    assert [(body["kind"], body["text"]) for body in posted.bodies] == [("alarm cleared", SAID)]


def test_a_record_that_counts_anew_is_told_of_as_well(home: Path, storage: Storage, posted: Posted) -> None:
    told_by(home, posted.address)
    book, post = AlarmBook(storage), post_of(home, storage)
    box = NoticeBox(home / "outbox.sqlite")
    # As far as the record was that lay here before.
    box.set_mark("alarm events", "5000")
    box.close()
    post.round()
    book.note([change(raised=True)])
    post.round()
    assert [body["kind"] for body in posted.bodies] == ["alarm raised"]


def test_one_program_at_a_time_delivers(
    home: Path, storage: Storage, posted: Posted, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.notices.post.LOOK_EVERY_S", 0.05)
    told_by(home, posted.address)
    book, one, other = AlarmBook(storage), post_of(home, storage), post_of(home, storage)
    one.round()
    one.start()
    other.start()
    try:
        book.note([change(raised=True)])
        wait_until(lambda: len(posted.bodies) == 1)
        one.close()
        book.note([change(raised=False)])
        wait_until(lambda: len(posted.bodies) == 2)
    finally:
        one.close()
        other.close()
    assert [body["kind"] for body in posted.bodies] == ["alarm raised", "alarm cleared"]


def test_a_report_comes_as_an_attachment_and_a_missing_file_waits_with_its_reason(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    paper = tmp_path / "early shift.pdf"
    sink = MailSink(f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example")
    notice = Notification(
        "report-1",
        NoticeKind.REPORT,
        "Report\nBcc: eve@example",
        "Here it is.",
        MOMENT.isoformat(),
        files=(str(paper),),
    )
    with pytest.raises(SinkError, match=r"early shift.pdf cannot be attached: No such file"):
        sink.take_notice(notice)
    paper.write_bytes(b"%PDF-1.7 small")
    sink.take_notice(notice)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Report Bcc: eve@example"
    assert mail["Bcc"] is None
    (part,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert (part.get_filename(), part.get_content_type()) == ("early shift.pdf", "application/pdf")
    assert part.get_content() == b"%PDF-1.7 small"
    assert "early shift.pdf" not in notice.to_json(), "no path leaves by other outputs"


def test_a_wrong_password_and_an_unknown_recipient_are_said_and_no_password_with_them(mailbox: Mailbox) -> None:
    notice = Notification("n-1", NoticeKind.ALARM_RAISED, "Title", "Text", MOMENT.isoformat())
    wrong = MailSink(f"smtp://filo:s3cret@127.0.0.1:{mailbox.port}/anna@plant.example")
    with pytest.raises(SinkError, match="neither this user nor this password") as refused:
        wrong.check()
    assert "s3cret" not in str(refused.value) + repr(wrong) + wrong.name
    with pytest.raises(SinkError, match="neither this user nor this password"):
        # It can be told in plain letters alone.
        MailSink(f"smtp://filo:gr%C3%BCn@127.0.0.1:{mailbox.port}/anna@plant.example").check()
    MailSink(f"smtp://filo:right@127.0.0.1:{mailbox.port}/anna@plant.example").check()
    mailbox.refuses = "bo@"
    with pytest.raises(SinkError, match="for none of the recipients"):
        MailSink(f"smtp://127.0.0.1:{mailbox.port}/bo@plant.example").take_notice(notice)
    with pytest.raises(SinkError, match=r"takes no mail for bo@plant\.example"):
        MailSink(f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example,bo@plant.example").take_notice(notice)
    assert mailbox.recipients == [["anna@plant.example"]]


@pytest.mark.parametrize("station", ["Linie Süd", "一号线", "a>b@c"])
def test_a_station_of_any_letters_is_told_of_by_mail(mailbox: Mailbox, station: str) -> None:
    notice = Notification("n-1", NoticeKind.ALARM_RAISED, "Title", "Text", MOMENT.isoformat(), station=station)
    MailSink(f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example").take_notice(notice)
    (mail,) = mailbox.mails
    assert mail["Message-ID"].isascii()
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    assert station in mail.get_content()  # type: ignore[attr-defined]


def test_a_server_that_ends_oddly_has_the_mail_all_the_same(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def odd(*_: object) -> str:
        return "421 too busy to say good-bye"

    monkeypatch.setattr(mailbox, "handle_QUIT", odd, raising=False)
    notice = Notification("n-1", NoticeKind.ALARM_RAISED, "Title", "Text", MOMENT.isoformat())
    MailSink(f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example").take_notice(notice)
    assert len(mailbox.mails) == 1


def test_mail_to_another_machine_is_not_sent_in_clear(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filo_core.line.outputs.mail._is_loopback", lambda _: False)
    notice = Notification("n-1", NoticeKind.ALARM_RAISED, "Title", "Text", MOMENT.isoformat())
    with pytest.raises(SinkError, match="no STARTTLS"):
        MailSink(f"smtp://127.0.0.1:{mailbox.port}/anna@plant.example").take_notice(notice)
    assert mailbox.mails == []


@pytest.mark.parametrize(
    "address", ["smtp://mail.plant.example", "smtp://mail.plant.example/anna", "smtp://h/a@b.example,c d@e.example"]
)
def test_an_address_that_names_nobody_is_refused(address: str) -> None:
    with pytest.raises(SourceError, match="names no server, or nobody to send to"):
        make_sink(address)


def test_no_verdict_goes_by_mail_and_a_line_does_not_take_it_for_its_output(home: Path) -> None:
    address = "smtp://127.0.0.1/anna@plant.example"
    output = Output(address=address)
    assert isinstance(make_sink(address), TakesNotices)
    assert OutputStore(home).sinks([output]) == []
    assert outbox_names([output], home) == {}
    with pytest.raises(SourceError, match="takes alarms and reports, and no verdicts"):
        line_wish([], [], [address], None, 2.0, Settings(home=home))


def test_a_broker_gets_a_notice_and_is_told_nothing_of_the_line(tmp_path: Path) -> None:
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed: sudo apt-get install mosquitto")
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broker = subprocess.Popen([program, "-p", str(port)], cwd=tmp_path, stderr=subprocess.DEVNULL)
    got: list[tuple[str, dict[str, str]]] = []
    listener = mqtt.Client(CallbackAPIVersion.VERSION2)
    listener.on_message = lambda _c, _u, one: got.append((one.topic, json.loads(one.payload)))
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                listener.connect("127.0.0.1", port)
                break
            except OSError:
                assert time.monotonic() < deadline, "the broker did not begin"
                time.sleep(0.05)
        listener.subscribe("#", qos=1)
        listener.loop(0.5)
        sink = make_sink(f"mqtt://127.0.0.1:{port}/plant/line")
        assert isinstance(sink, TakesNotices)
        sink.take_notice(Notification("n-1", NoticeKind.ALARM_RAISED, "Title", SAID, MOMENT.isoformat()))
        sink.close()
        while not got and time.monotonic() < deadline:
            listener.loop(0.1)
        listener.loop(0.3)
    finally:
        listener.disconnect()
        broker.terminate()
        broker.wait(20)
    assert [topic for topic, _ in got] == ["plant/line/notices"], "no state of a line that does not run"
    assert got[0][1]["text"] == SAID
