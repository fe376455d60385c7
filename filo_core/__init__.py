"""The inspection engine: the FiLo++ method, model profiles and the running line.

It knows no window, no database and no command line. Importing it loads nothing heavy: torch and OpenCV are
imported by the modules that compute, never by :mod:`filo_core.types` or :mod:`filo_core.events`.
"""
