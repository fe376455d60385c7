"""``python -m tools.package [FOLDER]``: the installed program as a Debian package, elsewhere as an archive."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from filo_core.trunks.store import TrunkStore
from tools.package.bill import station_parts, write_bill, write_licences
from tools.package.contents import PROJECT, ROOT, PackageError, packed_weights
from tools.package.debian import size_of, write_package
from tools.package.freezing import frozen
from tools.package.halving import halve_words
from tools.package.leaving_out import leave_out
from tools.package.pruning import needs_of, prune, strip
from tools.package.system_libraries import SystemPackage, carried, required
from workflows.settings.installed_parts import program_version


def make(out: Path, work: Path) -> Path:
    """Freeze, prune, list and pack; the path of the package comes back.

    Raises:
        PackageError: if something that it takes is missing or fails.
    """
    weights = packed_weights(TrunkStore())
    print("Freezing the program: some minutes.", flush=True)
    program, sources = frozen(work)
    whole = size_of(program)
    halve_words(program)
    libraries: tuple[SystemPackage, ...] = ()
    if sys.platform == "linux":
        prune(program)
        strip(program)
        leave_out(program)
        libraries = carried(program, sources)
    parts = station_parts()
    write_licences(program, libraries)
    write_bill(program, parts, libraries, weights)
    if sys.platform == "linux":
        package = write_package(program, program_version(), required(needs_of(program)), out, work)
    else:
        package = archived(program, out)
    print(f"{len(parts)} packages, {len(libraries)} of the system, {len(weights)} weights of others.")
    installed, packed = size_of(program), package.stat().st_size
    print(f"{whole / 1e6:.0f} MB frozen, {installed / 1e6:.0f} MB installed, {packed / 1e6:.0f} MB packed.")
    print(package)
    return package


def archived(program: Path, out: Path) -> Path:
    """The program's folder as an archive: elsewhere than on Debian. Written for Windows, and not yet run there."""
    out.mkdir(parents=True, exist_ok=True)
    name = out / f"{PROJECT}-{program_version()}-{sys.platform}"
    return Path(shutil.make_archive(str(name), "zip", program.parent, program.name))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist", help="where the package goes")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "package", help="where it is made")
    options = parser.parse_args()
    try:
        make(options.folder.resolve(), options.work.resolve())
    except PackageError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
