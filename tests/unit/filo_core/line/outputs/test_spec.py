"""One file is a new output: its module beside the others, and nothing else knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.errors import SourceError
from filo_core.line.outputs.known import divided, make_sink, spec_of, specs, with_fields, written
from filo_core.line.outputs.spec import FieldKind, OutputField
from filo_core.line.sinks.base import SinkError
from filo_core.sentence import Sentence
from tests.unit.filo_core.line.outputs.made_up import pager_in
from tools.outputs_table import rows
from workflows.line.doors import with_password
from workflows.line.making import line_wish
from workflows.line.outputs import OutputStore
from workflows.settings.output_address import Output
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings


@pytest.fixture
def pager(tmp_path: Path) -> Iterator[None]:
    with pager_in(tmp_path / "more"):
        yield


def test_a_module_with_a_spec_is_an_output(pager: None) -> None:
    assert "pager" in {spec.kind for spec in specs()}
    assert "pager(s)://HOST/NUMBER" in written()
    sink = make_sink("pagers://anna:geheim@tower/4711?beeps=3&loud=true")
    opening = sink.opening  # type: ignore[attr-defined]
    assert opening.fields == {"beeps": "3", "loud": "true", "bell": ""}
    assert opening.address == "pagers://anna:geheim@tower/4711"
    assert sink.name == "pagers://***@tower/4711"
    assert "beeps" in str(refused("pager://tower/1?beep=3"))
    assert "from 1 to 9, and not '10'" in str(refused("pager://tower/1?beeps=10"))
    assert "true or false" in str(refused("pager://tower/1?loud=maybe"))


def test_it_stands_in_the_table_of_the_docs(pager: None) -> None:
    row = next(row for row in rows() if row.startswith("| pager |"))
    assert "`pager(s)://HOST/NUMBER`" in row
    assert "`beeps` 1 to 9: beeps, else 1; `loud` `true`: loud; `bell`: bell of the tower" in row
    assert row.endswith("| it has beeped |")


def test_its_password_belongs_to_its_address_and_travels_encrypted_only(pager: None, tmp_path: Path) -> None:
    output = Output.of("pager", "tower/4711", user="anna", secure=True, fields={"beeps": "3"})
    assert output.secret_name == "output:pagers://anna@tower:78"
    store = SecretStore(tmp_path)
    store.set(output.secret_name, "geheim")
    assert with_password(output.address, store) == "pagers://anna:geheim@tower/4711?beeps=3"
    store.set("output:pager://anna@tower:77", "geheim")
    with pytest.raises(SourceError, match="would travel in clear"):
        with_password("pager://anna@tower/4711", store)
    with pytest.raises(SinkError, match="does not beep"):
        OutputStore(tmp_path).check(output)


def test_the_settings_keep_it_and_the_command_line_names_it(pager: None, tmp_path: Path) -> None:
    output = Output.of("pager", "tower/4711", fields={"beeps": "3"})
    again = Output.model_validate_json(output.model_dump_json())
    assert (again, again.place, again.fields, again.secure) == (output, "tower/4711", {"beeps": "3"}, False)
    with pytest.raises(SourceError, match="from 1 to 9"):
        Output.of("pager", "tower/4711", fields={"beeps": "99"})
    settings = Settings(home=tmp_path, outputs=(output,))
    assert [sink.name for sink in line_wish("", ["key"], [output.address], None, 2.0, settings).sinks] == [
        "pager://tower/4711"
    ]
    assert [sink.name for sink in line_wish("", ["key"], None, None, 2.0, settings).sinks] == ["pager://tower/4711"]


def test_without_it_there_is_none() -> None:
    with pytest.raises(SourceError, match=r"is no output\. Write mqtt"):
        make_sink("pager://tower/4711")


def refused(address: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        make_sink(address)
    return caught.value


def test_fields_that_are_the_default_are_not_written(pager: None) -> None:
    written_address = with_fields("pager://tower/1", {"beeps": " 01 ", "loud": "no", "bell": "a b&c"})
    assert written_address == "pager://tower/1?bell=a+b%26c"
    assert divided(written_address) == ("pager://tower/1", {"bell": "a b&c"})


def test_what_belongs_to_the_receiver_is_no_field() -> None:
    assert divided("https://mes/in?token=7") == ("https://mes/in?token=7", {})


@pytest.mark.parametrize("value", ["x" * 401, "a\nb", "a\x00b", "\u202e7"])
def test_a_field_is_short_and_can_be_read(value: str) -> None:
    with pytest.raises(SourceError, match="too long, or holds signs"):
        OutputField("bell", Sentence("Bell")).checked(value)


@pytest.mark.parametrize("value", ["-1", "1.5", "٣", "0x1", "70000", "one"])
def test_a_number_is_whole_and_within_its_bounds(value: str) -> None:
    with pytest.raises(SourceError, match="whole number from 0 to 65535"):
        OutputField("port", Sentence("Port"), kind=FieldKind.NUMBER).checked(value)


def test_each_kind_says_all_that_is_asked_of_it() -> None:
    schemes = [scheme for spec in specs() for scheme in spec.schemes]
    assert len(schemes) == len(set(schemes))
    for spec in specs():
        assert spec.called, spec.kind
        assert spec.place_caption, spec.kind
        assert spec.place_example, spec.kind
        assert spec.forms, spec.kind
        assert spec.about, spec.kind
        assert spec.delivered, spec.kind
        assert (spec.open is None) != (spec.serve is None), spec.kind
        assert set(spec.ports) <= set(spec.schemes), spec.kind
        assert spec_of(f"{spec.kind}:x") is spec
