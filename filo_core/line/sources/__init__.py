"""Where live images come from."""
