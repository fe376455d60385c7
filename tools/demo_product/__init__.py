"""Renders the pictures of the demo product: a bent bracket, its label, and the light on both."""
