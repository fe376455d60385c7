"""What a frozen program is left with, and still does, without the libraries that it never calls."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tools.package.leaving_out import leave_out, leave_out_encoder

SITE = Path(pillow_heif.__file__).parents[1]
ENCODERS = list((SITE / "pillow_heif.libs").glob("libx265*"))
READ = "import sys, pillow_heif; print(pillow_heif.__file__, pillow_heif.open_heif(sys.argv[1]).size)"
pytestmark = [
    pytest.mark.skipif(shutil.which("ld") is None, reason="binutils is not installed (make system-test)"),
    pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="not known on this processor"),
]


@pytest.mark.skipif(not ENCODERS, reason="this wheel of pillow-heif brings no encoder")
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


CV2 = """
import sys
sys.path[:0] = [sys.argv[1]]
import cv2
import numpy as np

random = np.random.default_rng(3)
a, b = random.standard_normal((60, 40)), random.standard_normal((40, 50))
square = a.T @ a
many = random.standard_normal((200, 200))
turned = np.stack([many, many.T], -1)
product = cv2.gemm(turned, turned, 1, None, 0)
w, u, vt = cv2.SVDecomp(a)
apart = [
    cv2.gemm(a, b, 1, None, 0) - a @ b,
    cv2.gemm(many.astype(np.float32), many.astype(np.float32), 1, None, 0) * 1e-6 - many @ many * 1e-6,
    product[..., 0] + 1j * product[..., 1] - (many + 1j * many.T) @ (many + 1j * many.T),
    u @ np.diag(w[:, 0]) @ vt - a,
    *(square @ cv2.solve(square, np.ones((40, 1)), flags=way)[1] - 1 for way in (0, 1, 2, 3, 4)),
    *(cv2.solve(a.astype(kind), np.ones((60, 1), kind), flags=1)[1] - np.linalg.lstsq(a, np.ones((60, 1)))[0]
      for kind in (np.float64, np.float32)),
]
played = cv2.VideoCapture(sys.argv[2], cv2.CAP_FFMPEG)
pictures = 0
while played.read()[0]:
    pictures += 1
ok, packed = cv2.imencode(".png", np.full((8, 8, 3), 7, np.uint8))
maps = open("/proc/self/maps").read()
print(cv2.__file__, max(float(np.abs(each).max()) for each in apart), pictures, cv2.imdecode(packed, 1).mean(),
      [name for name in ("libopenblasp", "libQt5Gui", "libscipy_openblas-") if sys.argv[1] + "/" in maps
       and any(sys.argv[1] in line and name in line for line in maps.splitlines())])
"""


def small_video(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (64, 48))
    for number in range(7):
        writer.write(np.full((48, 64, 3), 30 * number, np.uint8))
    writer.release()


@pytest.mark.slow
@pytest.mark.skipif(not list(SITE.glob("opencv_python.libs/libQt5*")), reason="this wheel of OpenCV brings no Qt 5")
def test_opencv_computes_and_plays_the_same_where_its_qt_and_its_own_openblas_are_left_out(tmp_path: Path) -> None:
    inside = tmp_path / "program" / "_internal"
    inside.mkdir(parents=True)
    for name in ("cv2", "opencv_python.libs", "scipy.libs"):
        shutil.copytree(SITE / name, inside / name)
    before = {path.name: path.stat().st_size for path in (inside / "opencv_python.libs").iterdir()}
    leave_out(tmp_path / "program")
    after = {path.name: path.stat().st_size for path in (inside / "opencv_python.libs").iterdir()}
    assert sum(after.values()) < sum(before.values()) - 75e6
    # What only they needed is gone as well.
    assert not [name for name in after if name.startswith(("libaom", "libgfortran", "libxkbcommon", "libQt5XcbQpa"))]
    assert all(size < 500_000 for name, size in after.items() if name.startswith(("libQt5", "libopenblas")))
    small_video(tmp_path / "small.avi")
    command = [sys.executable, "-c", CV2, str(inside), str(tmp_path / "small.avi")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    file, apart, pictures, mean, loaded = done.stdout.strip().split(maxsplit=4)
    assert file == str(inside / "cv2" / "__init__.py"), done.stderr
    assert loaded == "['libopenblasp', 'libQt5Gui', 'libscipy_openblas-']"
    assert float(apart) < 1e-5
    assert (int(pictures), float(mean)) == (7, 7.0)
    # A version that is not there would be said by the loader.
    assert done.stderr == ""


QT = """
from PySide6.QtCore import QCollator, QDate, QLocale, QStringConverter
print("/libicudata.so" in open("/proc/self/maps").read(),
      sorted(["b", "a", "C"], key=QCollator().sortKey) == sorted(["b", "a", "C"], key=QCollator().sortKey),
      QLocale("de").toString(1234.5, "f", 1), QLocale("zh_CN").toString(QDate(2026, 3, 1), "MMMM"),
      QLocale("de").toUpper("größe"))
"""


def test_qt_writes_numbers_and_dates_without_the_tables_of_icu(tmp_path: Path) -> None:
    (tables,) = SITE.glob("PySide6/Qt/lib/libicudata.so.*")
    kept = tmp_path / "program" / "_internal" / "PySide6" / tables.name
    kept.parent.mkdir(parents=True)
    shutil.copy2(tables, kept)
    leave_out(tmp_path / "program")
    assert kept.stat().st_size < 20_000
    # The loader takes the first of a name, and this one is there before Qt asks.
    with_it = os.environ | {"LD_PRELOAD": str(kept)}
    done = subprocess.run([sys.executable, "-c", QT], env=with_it, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "True", "1.234,5", "三月", "GRÖSSE"], done.stderr
