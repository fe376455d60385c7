"""The compact profile: a product seen through pretrained trunks, matched with its good parts. Needs no torch."""
