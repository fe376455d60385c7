"""The inspection engine: the FiLo++ method, model profiles and the running line.

It knows no window, no database and no command line. Importing it loads nothing heavy: torch and OpenCV are
imported by the modules that compute, never by :mod:`filo_core.types` or :mod:`filo_core.events`.
"""

import os

# numpy's matrix products are small here and many, and each of its threads spins while it waits for the next one: on
# two busy cores that took thirty times the processor time of one thread. Read when numpy is loaded, so it is said
# first; whoever has set it knows better.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A profile's folder holds all it needs. What open_clip, timm and transformers would fetch by themselves nobody has
# checked, so their hub is told that there is no network; read when they are loaded.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
