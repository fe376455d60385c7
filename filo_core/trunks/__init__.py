"""Pretrained trunks: which there are, where their files come from, and how they run without torch."""
