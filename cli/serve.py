"""``main.py serve``: lines, their deliveries, the night's work and the API, without a window."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import typed
from cli.common import say, settings_with, speaks_plainly, warn
from cli.options import Database, Device
from cli.signals import ended_by_signal, watch_until
from filo_core.errors import SettingsError
from filo_core.line.plc.access import is_loopback
from filo_core.line.triggers.http import Certificate
from workflows.serving.service import Service, open_service
from workflows.serving.service_file import read_service_file, service_file

if TYPE_CHECKING:
    from service.server import ApiServer

USUAL_LISTEN = "127.0.0.1:8470"
_LOOK_EVERY_S = 0.5


@speaks_plainly
def serve(
    lines: Annotated[
        Path | None, typer.Option(help="TOML file with the lines; else service.toml in FILO_HOME.", parser=typed.path)
    ] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT of the API; port 0 takes a free one.")] = USUAL_LISTEN,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the API's TLS certificate.", parser=typed.path)
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(help="PEM file with its key, unless that stands in it.", parser=typed.path)
    ] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="Address of a proxy in front, whose X-Forwarded-For is believed.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Requests a second of one token, in the long run.")] = 50.0,
    picture_mb: Annotated[int, typer.Option(min=1, max=1024, help="Largest posted picture.")] = 64,
    database: Database = "",
    device: Device = "",
) -> None:
    """Run lines, deliveries, the night's work and the API without a window, until Ctrl+C or SIGTERM."""
    settings = settings_with(database=database, device=device)
    file = read_service_file(lines or service_file(settings))
    host, port = _place(listen)
    if certificate is None and certificate_key is not None:
        raise SettingsError("There is a key and no certificate. Name the certificate as well.")
    tls = None if certificate is None else Certificate(certificate, certificate_key)
    if tls is None and not is_loopback(host):
        warn(
            f"The API listens on {host} without a certificate: whoever is on the network reads its tokens. "
            "Name a certificate, or put a proxy with TLS in front and listen on 127.0.0.1."
        )
    # Its web framework is needed by this command only.
    from service.app import make_app
    from service.server import ApiServer

    with open_service(settings, file) as service:
        app = make_app(service, rate_per_s=rate, most_picture_bytes=picture_mb << 20)
        server = ApiServer(app, host, port, tls, tuple(proxy or ()))
        server.start()
        try:
            say(f"{len(service.lines)} lines; the API listens on {host}:{server.port}")
            _until_ended(service, server)
        finally:
            # Streams end first, then what is under way is answered; the lines finish after that.
            service.ending.set()
            server.stop()
    say("The service has ended. What is undelivered waits for the next start.")


def _until_ended(service: Service, server: ApiServer) -> None:
    ended = threading.Event()
    with ended_by_signal(ended):
        watch_until(
            ended,
            _LOOK_EVERY_S,
            lambda: server.problem or " ".join(f"{what}: {said}" for what, said in service.problems().items()),
        )


def _place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not (port.isdecimal() and port.isascii() and int(port) < 65536):
        raise SettingsError(
            "{listen!r} names no host and port. Write it like {usual}.", listen=listen, usual=USUAL_LISTEN
        )
    return host.strip("[]"), int(port)
