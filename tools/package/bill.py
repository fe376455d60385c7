"""The bill of materials (CycloneDX) and the licence texts, which go into the installed program and stand in About."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from filo_core.trunks.specs import PublishedWeights
from tools.package.contents import PROJECT, ROOT
from tools.package.system_libraries import SystemPackage
from tools.pins import STATION, pins_of, plain_name
from workflows.settings.installed_parts import BILL, InstalledPart, installed_parts, program_version

SHARE = Path("_internal", "share", "filo-inspector")
LICENCES = SHARE / "licences"
_COMMON = Path("/usr/share/common-licenses")


def station_parts() -> list[InstalledPart]:
    """Python, and the packages of a station with what they say of their licences."""
    station = pins_of((ROOT / STATION).read_text(encoding="utf-8"))
    return [part for part in installed_parts() if part.name == "Python" or plain_name(part.name) in station]


def write_bill(
    program: Path,
    parts: Sequence[InstalledPart],
    libraries: Sequence[SystemPackage],
    weights: Sequence[PublishedWeights],
) -> Path:
    """Write the bill into the program's folder; its path comes back."""
    components = [*map(_package, parts), *map(_library, libraries), *map(_weights, weights)]
    bom = Bom(components=components)
    bom.metadata.component = _component(ComponentType.APPLICATION, PROJECT, program_version(), "", None)
    bom.register_dependency(bom.metadata.component, components)
    path = program / SHARE / BILL
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n", encoding="utf-8")
    return path


def write_licences(program: Path, libraries: Sequence[SystemPackage]) -> None:
    """Copy the licence texts of Python, of the system's libraries, and of what names a common licence.

    Those of Python's packages lie in their ``.dist-info`` already.
    """
    folder = program / LICENCES
    folder.mkdir(parents=True, exist_ok=True)
    # Where it lies on Windows, and elsewhere.
    places = (Path(sys.base_prefix, "LICENSE.txt"), Path(sysconfig.get_path("stdlib"), "LICENSE.txt"))
    python = next((path for path in places if path.is_file()), places[-1])
    files = {"Python.txt": python, **{f"{one.name}.txt": one.licence_file for one in libraries}}
    files |= {f"{name}.txt": _COMMON / name for name in ("Apache-2.0", "LGPL-3", "GPL-3", "GPL-2", "LGPL-2.1")}
    for name, path in files.items():
        if path.is_file():
            shutil.copyfile(path, folder / name)


def _package(part: InstalledPart) -> Component:
    kind = "generic" if part.name == "Python" else "pypi"
    return _component(
        ComponentType.LIBRARY,
        part.name,
        part.version,
        part.licence,
        PackageURL(kind, None, part.name.lower(), part.version),
    )


def _library(package: SystemPackage) -> Component:
    purl = PackageURL("deb", "debian", package.name, package.version)
    return _component(ComponentType.LIBRARY, package.name, package.version, package.licence, purl)


def _weights(spec: PublishedWeights) -> Component:
    made = _component(ComponentType.MACHINE_LEARNING_MODEL, spec.title, spec.sha256[:12], spec.licence, None)
    made.description = f"trained on {spec.trained_on}; from {spec.origin}"
    made.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=spec.sha256))
    return made


def _component(kind: ComponentType, name: str, version: str, licence: str, purl: PackageURL | None) -> Component:
    reference = str(purl) if purl else f"{name}@{version}"
    licences = [LicenseFactory().make_from_string(licence)] if licence else []
    return Component(name=name, version=version, type=kind, licenses=licences, purl=purl, bom_ref=reference)
