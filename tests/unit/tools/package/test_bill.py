"""The bill of materials as it is written at the build and read in About."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from filo_core.trunks.listed import shipped_trunks
from tools.package.bill import SHARE, station_parts, write_bill, write_licences
from tools.package.system_libraries import SystemPackage
from workflows.settings.installed_parts import InstalledPart, bill_of_materials, installed_parts

QT = InstalledPart("PySide6", "6.11.3", "LGPL-3.0-only OR GPL-2.0-only")
PARTS = [QT, InstalledPart("numpy", "2.4", "BSD-3-Clause")]
LIBRARY = SystemPackage("libssl3", "3.0.17-1")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program's folder with its bill, as the interpreter in it finds it."""
    write_bill(tmp_path, PARTS, [LIBRARY], shipped_trunks()[:1])
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "_internal"))
    return tmp_path


def test_a_bill_names_each_part_with_its_version_licence_and_where_it_is_from(program: Path) -> None:
    bill = json.loads((program / SHARE / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    named = {one["name"]: one for one in bill["components"]}
    assert named["numpy"]["purl"] == "pkg:pypi/numpy@2.4"
    assert named["libssl3"]["purl"] == "pkg:deb/debian/libssl3@3.0.17-1"
    weights = named["EfficientNet-Lite0"]
    assert weights["type"] == "machine-learning-model"
    assert weights["hashes"] == [{"alg": "SHA-256", "content": shipped_trunks()[0].sha256}]
    assert bill["metadata"]["component"]["name"] == "filo-inspector"


def test_the_installed_program_lists_what_its_bill_lists(program: Path) -> None:
    assert bill_of_materials() == program / SHARE / "sbom.cdx.json"
    parts = {part.name: part for part in installed_parts()}
    assert parts.keys() == {"PySide6", "numpy", "libssl3", "EfficientNet-Lite0"}
    assert parts["numpy"].licence == "BSD-3-Clause"
    assert parts["PySide6"].licence == "LGPL-3.0-only OR GPL-2.0-only"
    assert parts["EfficientNet-Lite0"].licence == "Apache-2.0"


@pytest.mark.parametrize("content", ["", "[]", '{"components": [{"name": "numpy"}]}', '{"components": 7}'])
def test_a_bill_that_cannot_be_read_leaves_what_python_knows(program: Path, content: str) -> None:
    (program / SHARE / "sbom.cdx.json").write_text(content, encoding="utf-8")
    assert {"numpy", "PySide6", "SQLAlchemy"} <= {part.name for part in installed_parts()}


def test_a_station_is_billed_for_no_torch_and_no_tool() -> None:
    names = {part.name for part in station_parts()}
    assert {"Python", "PySide6", "onnxruntime", "statsmodels"} <= names
    assert not names & {"torch", "timm", "pytest", "pyinstaller", "transformers"}


def test_the_licence_of_python_goes_along(tmp_path: Path) -> None:
    write_licences(tmp_path, [])
    assert "PYTHON SOFTWARE FOUNDATION LICENSE" in (tmp_path / SHARE / "licences" / "Python.txt").read_text("utf-8")
