"""What asks for an inspection: every trigger has an id, and gets exactly one answer."""
