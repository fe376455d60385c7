"""What can go wrong with a product: the built-in library, the language model, and cleaning of phrases."""
