"""The program shown on a product that ships with it, and on any category."""
