"""The screen *Live*: what a camera sees, judged picture by picture, readable from three metres."""
