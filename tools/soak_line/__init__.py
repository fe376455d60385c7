"""``python -m tools.soak_line``: what a factory floor does to a line, counted, into docs/reliability.md.

Each piece works on data of its own and on loopback only, and is made of units that are written down one by one: an
interrupted run goes on where it stopped.
"""
