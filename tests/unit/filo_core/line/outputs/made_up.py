"""A kind of output that is made up, in one file: what another test finds among the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from filo_core.line import outputs
from filo_core.line.outputs import known

MADE_UP = '''
"""A pager: made up."""

from filo_core.line.outputs.spec import FieldKind, Opening, OutputField, OutputSpec, Where
from filo_core.line.sinks.base import SinkError
from filo_core.sentence import Sentence


class PagerSink:
    def __init__(self, opening):
        self.name, self.opening, self.delivered = opening.name, opening, []

    def deliver(self, message):
        self.delivered.append(message)

    def tell(self, readiness): ...
    def tell_alarm(self, seal): ...
    def keep_alive(self): ...
    def close(self): ...

    def check(self):
        raise SinkError("{name} does not beep.", name=self.name)


SPEC = OutputSpec(
    kind="pager",
    rank=999,
    called=Sentence("Pager"),
    where=Where.HOST,
    place_caption=Sentence("Tower and number"),
    place_example="tower:77/4711",
    forms=("pager(s)://HOST/NUMBER",),
    about="pager",
    delivered="it has beeped",
    secure="pagers",
    ports={"pager": 77, "pagers": 78},
    has_user=True,
    fields=(
        OutputField("beeps", Sentence("Beeps"), kind=FieldKind.NUMBER, default="1", least=1, most=9),
        OutputField("loud", Sentence("Loud"), kind=FieldKind.SWITCH),
        OutputField("bell", Sentence("Bell of the tower"), only_secure=True),
    ),
    open=PagerSink,
)
'''


@contextmanager
def pager_in(folder: Path) -> Iterator[None]:
    """The module lies in a folder that kinds are looked for in."""
    folder.mkdir()
    (folder / "pager.py").write_text(MADE_UP, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outputs, "__path__", [*outputs.__path__, str(folder)])
        known.specs.cache_clear()
        yield
    known.specs.cache_clear()
