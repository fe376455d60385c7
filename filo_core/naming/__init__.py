"""Names for what is found: features of a region, and what a product's reviewed regions were called."""
