"""Pictures, heat maps and region boxes: pure geometry apart from the widgets that draw."""
