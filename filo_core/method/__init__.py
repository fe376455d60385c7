"""FiLo++, one idea a file: FusDes, DefLoc, the few-shot branch and the scores."""
