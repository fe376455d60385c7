"""E-mail: tells people of alarms and sends them reports; verdicts are not mailed."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import mimetypes
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.spec import CA_FILE, Opening, OutputField, OutputSpec, Where
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.notices import NoticeKind, Notification
from filo_core.sentence import Sentence

_TIMEOUT_S = 10.0
_LARGEST_FILES = 20 << 20
"""Bytes of attachments; most servers take no more than 25 MiB of what they become."""


class MailSink:
    """Sends through ``smtp://[user:password@]host[:port]/to@plant.example[,more@plant.example]``.

    ``smtps://`` speaks TLS from the first byte. Over ``smtp://`` to another machine TLS is begun by STARTTLS, and
    nothing is sent where the server has none: what an alarm says, and the password, are nobody else's.

    Args:
        address: with its recipients as the path.
        sender: who it comes from; the user, or ``filo@`` and the server's name, where empty.
        ca_file: certificate authority for TLS; the system's own when not given.
        timeout_s: longest wait for an answer.
        name: what the outbox knows it by; holds no password.

    Raises:
        SourceError: if it names no server, or nobody to send to.
    """

    def __init__(
        self,
        address: str,
        sender: str = "",
        ca_file: Path | None = None,
        timeout_s: float = _TIMEOUT_S,
        name: str = "",
    ) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or ""
        self._secure = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._secure else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._to = tuple(filter(None, (one.strip() for one in unquote(parts.path.strip("/")).split(","))))
        if not self._host or not self._to or not all(map(_is_address, self._to)):
            raise SourceError(
                "The address of the e-mail names no server, or nobody to send to. "
                "Write smtp://mail.plant.example/anna@plant.example."
            )
        self._sender = sender or (self._user if "@" in self._user else f"filo@{self._host}")
        if not _is_address(self._sender):
            raise SourceError("{sender!r} is no address to send from. Write filo@plant.example.", sender=sender[:80])
        self._ca_file, self._timeout_s = ca_file, timeout_s
        self.name = name or f"{parts.scheme}://{self._host}:{self._port}/{','.join(self._to)}"

    def __repr__(self) -> str:
        return f"MailSink({self.name!r})"

    def take_notice(self, notice: Notification) -> None:
        """Send one mail to all recipients.

        Raises:
            SinkError: if the server is away, does not let us in, or takes it for nobody.
        """
        mail = self._mail(notice)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except (smtplib.SMTPAuthenticationError, UnicodeEncodeError) as error:
            raise SinkError("{name} takes neither this user nor this password. Check both.", name=self.name) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise SinkError("{name} takes mail for none of the recipients. Check them.", name=self.name) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._refusal(error) from error
        if refused:
            # The others have it: sent again, they would have it twice.
            notice_of = ", ".join(sorted(refused))
            raise _PartlySentError("{name} takes no mail for {who}. Check them.", name=self.name, who=notice_of)

    def check(self) -> None:
        """Connect and sign in, without sending anything.

        Raises:
            SinkError: why not, and what to do.
        """
        try:
            with self._connected() as server:
                server.noop()
        except (smtplib.SMTPAuthenticationError, UnicodeEncodeError) as error:
            raise SinkError("{name} takes neither this user nor this password. Check both.", name=self.name) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._refusal(error) from error

    def deliver(self, message: Message) -> None:
        """Verdicts are not mailed: none is ever put into the outbox for this output."""

    def tell_alarm(self, seal: Seal) -> None:
        """Alarms come as notices."""

    def tell(self, readiness: Readiness) -> None:
        """A line that is not ready is told as an alarm once that lasts."""

    def keep_alive(self) -> None:
        """Each mail opens a connection of its own."""

    def close(self) -> None:
        """Nothing is held open."""

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Signed in; what the server answers to the good-bye changes nothing of what it has taken."""
        server = self._open()
        try:
            yield server
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _open(self) -> smtplib.SMTP:
        if self._secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout_s, context=self._context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            server.ehlo()
            if not self._secure and not _is_loopback(self._host):
                if not server.has_extn("starttls"):
                    raise smtplib.SMTPNotSupportedError("it has no STARTTLS")
                server.starttls(context=self._context())
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)

    def _mail(self, notice: Notification) -> EmailMessage:
        mail = EmailMessage()
        about = f" ({notice.about})" if notice.about and notice.kind is not NoticeKind.REPORT else ""
        marks = {NoticeKind.ALARM_RAISED: "ALARM", NoticeKind.ALARM_CLEARED: "OK"}
        mark = f"[{marks[notice.kind]}] " if notice.kind in marks else ""
        mail["Subject"] = _one_line(f"{mark}{notice.title}{about}")
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Date"] = formatdate(localtime=True)
        # The same at every try, so that a mailbox shows a repetition once.
        # A station may be called by letters that no Message-ID holds.
        station = hashlib.sha256(notice.station.encode()).hexdigest()[:12]
        mail["Message-ID"] = f"<{notice.key}.{station}@{self._host}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-FiLo-Kind"] = notice.kind.value
        lines = [notice.text or notice.title, "", f"{notice.kind.value} · {notice.at} · {notice.station}".rstrip(" ·")]
        if notice.by:
            lines.append(notice.by)
        mail.set_content("\n".join(lines))
        self._attach(mail, notice.files)
        return mail

    def _attach(self, mail: EmailMessage, files: tuple[str, ...]) -> None:
        left = _LARGEST_FILES
        for path in map(Path, files):
            try:
                content = path.read_bytes()
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise SinkError("{name} cannot be attached: {reason}.", name=path.name, reason=reason) from error
            if len(content) > left:
                raise SinkError("{name} is too large for an e-mail. Send it another way.", name=path.name)
            left -= len(content)
            main, _, sub = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=path.name)

    def _refusal(self, error: Exception) -> SinkError:
        # A server's own words could hold what was sent; its kind and the system's message do not.
        reason = getattr(error, "strerror", None) or type(error).__name__
        if isinstance(error, smtplib.SMTPNotSupportedError):
            reason = "no STARTTLS" if not self._user else "no STARTTLS, or no way to sign in"
        return SinkError("{name} takes no mail ({reason}). Check the server.", name=self.name, reason=reason)


class _PartlySentError(SinkError):
    """Some recipients have it."""

    is_final = True


def _is_address(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    return bool(name and domain) and text.isprintable() and not any(sign in text for sign in ' ",;<>()')


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(text: str) -> str:
    """A header must not begin another one."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]


def _open(opening: Opening) -> MailSink:
    return MailSink(opening.address, opening.fields.get("from", ""), opening.ca_file, name=opening.name)


SPEC = OutputSpec(
    kind="smtp",
    rank=60,
    called=Sentence("E-mail"),
    where=Where.HOST,
    place_caption=Sentence("Server and recipients"),
    place_example="mail.plant.example/anna@plant.example",
    help=Sentence("Alarms and reports alone, never a verdict. Several recipients have commas between them."),
    forms=("smtp(s)://host/to@example",),
    about="e-mail to people: alarms and reports, never a verdict; STARTTLS is asked for unless the server is this "
    "machine",
    delivered="the server has taken the mail",
    secure="smtps",
    ports={"smtp": 587, "smtps": 465},
    has_user=True,
    takes_verdicts=False,
    fields=(
        OutputField("from", Sentence("Sender"), Sentence("Leave empty for the user, or filo@ and the server's name.")),
        CA_FILE,
    ),
    open=_open,
)
