"""The capability study in the window: laid down, presented blind, reported."""
