"""What several screens share about the record: of which product, what of it is shown, and what waits for delivery."""
