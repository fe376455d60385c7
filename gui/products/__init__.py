"""The screen *Products*: the list, and the wizard that leads from a name to a signed recipe in five steps."""
