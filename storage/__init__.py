"""The record: products, recipes, verdicts, reviews and their images. Knows no window and no model."""
