"""Whether the record is what its chain and its migrations say it is."""
