"""The screen *Settings*."""
