"""Folders that are watched: what arrives in them, each file once, and whether they can be looked at."""
