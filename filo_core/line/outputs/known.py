"""Every kind of output there is: the modules beside this one that have a ``SPEC``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from filo_core.errors import SourceError
from filo_core.line import outputs
from filo_core.line.outputs.spec import Opening, OutputSpec
from filo_core.line.sinks.base import Sink
from filo_core.line.sources.address import CameraAddress


@cache
def specs() -> tuple[OutputSpec, ...]:
    """All kinds, as they are listed. No module of a kind imports its driver before it is used."""
    names = sorted(one.name for one in pkgutil.iter_modules(outputs.__path__))
    modules = (importlib.import_module(f"{outputs.__name__}.{name}") for name in names)
    found = [module.SPEC for module in modules if isinstance(getattr(module, "SPEC", None), OutputSpec)]
    return tuple(sorted(found, key=lambda spec: (spec.rank, spec.kind)))


def spec_of(address: str) -> OutputSpec:
    """The kind that an address is of, by its scheme.

    Raises:
        SourceError: if it is of none.
    """
    scheme = address.partition(":")[0].lower()
    for spec in specs():
        if scheme in spec.schemes:
            return spec
    raise SourceError(
        "{shown} is no output. Write {forms}.", shown=CameraAddress(address).shown, forms=", ".join(written())
    )


def written() -> list[str]:
    """How the addresses of all kinds are written."""
    return [form for spec in specs() for form in spec.forms]


def divided(address: str) -> tuple[str, dict[str, str]]:
    """An address without the fields of its kind, and those that are written in it.

    Raises:
        SourceError: if it is of no kind, or holds a field that its kind does not have.
    """
    spec = spec_of(address)
    if spec.keeps_parameters or not spec.has_authority:
        return address, {}
    bare, _, query = address.partition("?")
    written_fields = dict(parse_qsl(query, keep_blank_values=True))
    spec.whole(written_fields)
    return bare, written_fields


def with_fields(address: str, fields: dict[str, str]) -> str:
    """An address without fields, with those of them that are not the default.

    Raises:
        SourceError: if its kind does not have one, or one cannot be what it is.
    """
    spec = spec_of(address)
    spec.whole(fields)
    kept = {one.name: value for one in spec.fields if (value := one.checked(fields.get(one.name, "")))}
    return f"{address}?{urlencode(kept, safe='/:')}" if kept else address


def make_sink(address: str, ca_file: Path | None = None, secret: str = "", exports: Path | None = None) -> Sink:
    """The sink that an address means, with its password in it.

    Args:
        address: of the output.
        ca_file: certificate authority for TLS; the system's own when not given.
        secret: signs what is sent, where its kind does so.
        exports: the only folder that a file may lie in, which a relative path begins at; None for anywhere.

    Raises:
        SourceError: if the address is of no kind, of one that is asked, or cannot be one.
    """
    spec = spec_of(address)
    if spec.open is None:
        raise SourceError("{shown} is asked, and not delivered to.", shown=CameraAddress(address).shown)
    bare, fields = divided(address)
    name = CameraAddress(bare).shown
    return spec.open(Opening(bare, name, spec.whole(fields), ca_file, secret, exports))
