"""The encoder that HEIC pictures are read without."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from tools.package.encoder import leave_out_encoder

SITE = Path(pillow_heif.__file__).parents[1]
ENCODERS = list((SITE / "pillow_heif.libs").glob("libx265*"))
READ = "import sys, pillow_heif; print(pillow_heif.__file__, pillow_heif.open_heif(sys.argv[1]).size)"
pytestmark = [
    pytest.mark.skipif(shutil.which("ld") is None, reason="binutils is not installed (make system-test)"),
    pytest.mark.skipif(not ENCODERS, reason="this wheel of pillow-heif brings no encoder"),
    pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="not known on this processor"),
]


def test_a_heic_picture_is_read_where_the_encoder_is_left_out(tmp_path: Path) -> None:
    inside = tmp_path / "program" / "_internal"
    inside.mkdir(parents=True)
    for name in ("pillow_heif", "pillow_heif.libs"):
        shutil.copytree(SITE / name, inside / name)
    (module,) = SITE.glob("_pillow_heif*.so")
    shutil.copy2(module, inside)
    (inside / ENCODERS[0].name).symlink_to(Path("pillow_heif.libs", ENCODERS[0].name))
    leave_out_encoder(tmp_path / "program")
    assert (inside / "pillow_heif.libs" / ENCODERS[0].name).stat().st_size < 50_000
    picture = tmp_path / "part.heic"
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(picture)
    command = [sys.executable, "-c", READ, str(picture)]
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"{inside / 'pillow_heif' / '__init__.py'} (64, 48)", done.stderr
