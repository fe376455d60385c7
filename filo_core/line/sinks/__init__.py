"""What every output offers, and the message it is given."""
