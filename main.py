"""FiLo Inspector: ``python main.py --help`` lists the commands.

Loads nothing by itself: every camera's and every model's process imports this file when it starts.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys

if __name__ == "__main__":
    # A spawned process starts here on Windows once the program is frozen.
    multiprocessing.freeze_support()

    if sys.argv[1:2] == ["--decode-pictures"]:
        # The installed program has no other interpreter to start its decoders with: filo_core.packaged.
        from filo_core.imaging.decoder_process import main

        raise SystemExit(main(*sys.argv[2:3]))

    # What a command loads stays until the end: looking through it for garbage takes a tenth of the start.
    gc.disable()
    try:
        from program import command_line

        called = command_line(sys.argv[1:])
    except ImportError as error:
        from cli.installation import import_problem

        raise SystemExit(f"Error: {import_problem(error)}") from None
    gc.freeze()
    gc.enable()
    called()
