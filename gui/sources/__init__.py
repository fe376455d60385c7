"""Choosing and opening a source of pictures, in Live and in the wizard."""
