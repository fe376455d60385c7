"""What dpkg is told, and where the files go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.package.debian import control_of, lay_out
from tools.package.system_libraries import SystemPackage


def test_the_package_depends_on_the_c_library_that_it_was_made_with_or_a_newer_one() -> None:
    needed = [SystemPackage("libc6", "2.36-9+deb12u10"), SystemPackage("libgl1", "1.6")]
    control = control_of("1.2", "amd64", needed, 2048)
    assert "\nVersion: 1.2\nArchitecture: amd64\n" in control
    assert "\nDepends: libc6 (>= 2.36), libgl1, fonts-dejavu-core |" in control
    assert "\nInstalled-Size: 2\n" in control


@pytest.mark.usefixtures("qapp")
def test_files_may_be_read_by_everybody_and_the_command_leads_to_the_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    weights = program / "_internal" / "share" / "graph.onnx"
    weights.parent.mkdir(parents=True, mode=0o700)
    weights.touch(mode=0o600)
    (program / "filo-inspector").touch()
    root = tmp_path / "root"
    lay_out(root, program)
    command = root / "usr" / "bin" / "filo-inspector"
    assert command.resolve() == root / "opt" / "filo-inspector" / "filo-inspector"
    assert command.stat().st_mode & 0o777 == 0o755
    there = root / "opt" / "filo-inspector" / weights.relative_to(program)
    assert there.stat().st_mode & 0o777 == 0o644
    assert there.parent.stat().st_mode & 0o777 == 0o755
    assert (root / "usr" / "share" / "icons" / "hicolor" / "48x48" / "apps" / "filo-inspector.png").is_file()
