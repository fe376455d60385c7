"""The screen *Folder*: a whole folder judged once, with progress, and the results to look at."""
