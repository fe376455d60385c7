"""An output's address, as it stands on a command line, and the sink it means."""

from __future__ import annotations

from pathlib import Path

from filo_core.errors import SourceError
from filo_core.line.sinks.base import Sink
from filo_core.line.sinks.exports import file_below
from filo_core.line.sources.address import CameraAddress


def make_sink(address: str, ca_file: Path | None = None, hook_secret: str = "", exports: Path | None = None) -> Sink:
    """Sink for ``mqtt://``, ``mqtts://``, ``http://``, ``https://`` or ``csv:PATH``.

    Args:
        address: of the output.
        ca_file: certificate authority for TLS; the system's own when not given.
        hook_secret: signs what is posted to a web address.
        exports: the only folder that a file may lie in, which a relative path begins at; None for anywhere.

    Raises:
        SourceError: if the address is none of these, or names a file elsewhere.
    """
    scheme = address.partition(":")[0].lower()
    if scheme in {"mqtt", "mqtts"}:
        from filo_core.line.sinks.mqtt import MqttSink

        return MqttSink(address, ca_file)
    if scheme in {"http", "https"}:
        from filo_core.line.sinks.webhook import WebhookSink

        return WebhookSink(address, secret=hook_secret)
    path = address.partition(":")[2]
    if scheme == "csv" and path:
        from filo_core.line.sinks.csv_file import CsvSink

        return CsvSink(Path(path) if exports is None else file_below(exports, path), exports)
    raise SourceError(
        "{shown} is no output. Write mqtt://host/topic, mqtts://host/topic, http(s)://host/path or csv:PATH.",
        shown=CameraAddress(address).shown,
    )
