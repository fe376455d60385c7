"""Limits from good parts, and checks on the parts themselves."""
