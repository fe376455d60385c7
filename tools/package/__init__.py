"""Makes the installed program out of this checkout: ``python -m tools.package FOLDER``, or ``make package``.

PyInstaller freezes it (``station.spec``), what nothing in it needs is taken out again (``pruning.py``), a bill of
materials and the licences are put in (``bill.py``, ``licences.py``), and ``dpkg-deb`` packs it (``debian.py``).
Why these: ADR 0030.
"""
