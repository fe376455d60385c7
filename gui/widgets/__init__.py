"""Small controls shared by all screens. They know the words of ``filo_core.types`` and no workflow."""
