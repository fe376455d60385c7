"""Judging many pictures with several workers, on this machine or on others."""
