"""A product from its name to a signed recipe, the evidence behind its limits, and its golden set."""
