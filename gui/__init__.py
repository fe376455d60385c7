"""The desktop application. Views show, presenters decide, and everything slow runs elsewhere."""
