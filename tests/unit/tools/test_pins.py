from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import pins
from tools.pins import BUILD, BUILDERS, CONSTRAINTS, ROOT, STATION, blocks_of, pins_of, plain_name, write_pins

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
OLD = "alpha==1.0 \\\n    --hash=sha256:" + "a" * 64 + "\nbeta_two==2.0\n"
FOUND = (
    f"alpha==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    f"setuptools==80.0 ; sys_platform == 'linux' \\\n    --hash=sha256:{'b' * 64}\n"
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def needed_here(extras: frozenset[str]) -> Iterator[str]:
    """Every package that an installation on this machine brings, whatever the file of constraints says."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    listed = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    waiting, seen = [Requirement(one) for one in listed], set()
    while waiting:
        requirement = waiting.pop()
        name = plain_name(requirement.name)
        if name == project["name"] or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        yield name
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                brought = [Requirement(one) for one in metadata.requires(name) or ()]
                waiting += [
                    Requirement(f"{one.name}[{','.join(one.extras)}]" if one.extras else one.name)
                    for one in brought
                    if one.marker is None or one.marker.evaluate({"extra": extra})
                ]


@pytest.mark.parametrize("name", [CONSTRAINTS, BUILD, STATION])
def test_every_package_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    blocks = blocks_of(text_of(name))
    assert blocks
    assert [package for package, block in blocks.items() if not HASH.search(block)] == []
    lines = [line for line in text_of(name).splitlines() if line and not line.startswith(("#", "    --hash="))]
    assert [line for line in lines if not re.match(r"^[\w.-]+==[^\s;]+( ; .+)? \\$", line)] == []


def test_everything_that_an_installation_brings_is_pinned() -> None:
    assert set(needed_here(frozenset({"dev"}))) - pins_of(text_of(CONSTRAINTS)).keys() == set()


def test_a_station_gets_the_same_versions_without_what_torch_brings() -> None:
    everything, station = pins_of(text_of(CONSTRAINTS)), pins_of(text_of(STATION))
    assert set(needed_here(frozenset())) - station.keys() == set()
    assert station.items() <= everything.items()
    heavy = {"torch", "torchvision", "open-clip-torch", "groundingdino-py", "transformers", "timm", "onnx", "triton"}
    assert heavy <= everything.keys()
    assert not heavy & station.keys()
    assert "onnxruntime" in station


def test_no_file_of_constraints_names_an_index() -> None:
    for name in (CONSTRAINTS, BUILD, STATION):
        assert [line for line in text_of(name).splitlines() if "://" in line or "index" in line] == []


def test_what_builds_the_program_is_the_same_in_both_files() -> None:
    everything, builders = blocks_of(text_of(CONSTRAINTS)), blocks_of(text_of(BUILD))
    required = tomllib.loads(text_of("pyproject.toml"))["build-system"]["requires"]
    assert {plain_name(Requirement(one).name) for one in required} == set(builders) == set(BUILDERS)
    assert [name for name, block in builders.items() if everything[name].strip() != block.strip()] == []


@pytest.mark.parametrize("recipe", ["Makefile", "tasks.ps1"])
def test_the_set_up_takes_nothing_without_its_hash_and_fetches_nothing_to_build_with(recipe: str) -> None:
    installs = [
        line for line in text_of(recipe).splitlines() if re.search(r"(pip install.*|\$\(PIP\).*) (-r|--editable)", line)
    ]
    assert len(installs) == (6 if recipe == "Makefile" else 3)
    for line in installs:
        assert ("--require-hashes" in line) == (" -r " in line)
        assert "--no-build-isolation" in line or BUILD in line
    assert "--no-deps" in installs[-1]


class Resolver:
    """Stands for uv: answers the same each time, and keeps what it was asked with."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.versions = ""

    def run(self, command: list[str | Path], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[0] == sys.executable
        self.versions = self.versions or Path(command[-1]).read_text(encoding="utf-8")
        if self.answer is None:
            raise subprocess.CalledProcessError(1, [str(part) for part in command])
        return subprocess.CompletedProcess([], 0, self.answer)


def test_pins_keep_their_versions_and_lose_their_old_hashes_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(FOUND)
    monkeypatch.setattr(pins.subprocess, "run", resolver.run)
    (tmp_path / CONSTRAINTS).write_text(OLD)
    assert write_pins(tmp_path) == {"alpha": "1.0", "setuptools": "80.0"}
    assert resolver.versions == "alpha==1.0\nbeta-two==2.0\n"
    assert blocks_of((tmp_path / CONSTRAINTS).read_text()).keys() == {"alpha", "setuptools"}
    assert blocks_of((tmp_path / BUILD).read_text()) == {"setuptools": FOUND[FOUND.index("setuptools") :]}


def test_versions_that_do_not_fit_together_change_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins.subprocess, "run", Resolver(None).run)
    (tmp_path / CONSTRAINTS).write_text(OLD)
    with pytest.raises(subprocess.CalledProcessError):
        write_pins(tmp_path)
    assert (tmp_path / CONSTRAINTS).read_text() == OLD
    assert not (tmp_path / BUILD).exists()
