"""Recount of stored scores under moved limits: how long, and whether it is exact.

``python -m tools.recount_benchmark`` fills a million scores, moves the limits, compares every count with the verdicts
taken score by score, and prints both times and their ratio. The exit status is 1 when a count differs or a recount
takes a second or more.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from filo_core.statistics.recount import ScoreHistory, verdict_counts
from filo_core.types import Limits
from tools.markdown import say

MOVES = 1_000
LONGEST_S = 1.0


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=1_000_000)
    count = parser.parse_args(arguments_given).scores
    rng = np.random.default_rng(0)
    # Steps of 1/65536: many scores are equal, and many lie exactly on a limit.
    scores = np.floor(rng.beta(2.0, 8.0, count) * 65536.0) / 65536.0
    started = time.perf_counter()
    history = ScoreHistory.of(scores, scores[::20], scores[1::50])
    built = time.perf_counter() - started
    limits = Limits(ok=float(scores[count // 2]), ng=float(max(scores[count // 2], scores[count // 3])), region=0.5)
    started = time.perf_counter()
    one_by_one = verdict_counts(limits.verdict(score) for score in scores.tolist())
    slow = time.perf_counter() - started
    started = time.perf_counter()
    for move in range(MOVES):
        history.recount(Limits(limits.ok * move / MOVES, limits.ng, limits.region))
    fast = (time.perf_counter() - started) / MOVES
    exact = history.recount(limits).all == one_by_one
    say(f"{count:,} scores, sorted once in {built:.3f} s")
    say(f"score by score {slow:.3f} s, recount {1e6 * fast:.0f} µs: {slow / fast:,.0f} times as fast")
    say("every count is the same" if exact else "A COUNT DIFFERS")
    return 0 if exact and built + fast < LONGEST_S else 1


if __name__ == "__main__":
    sys.exit(main())
