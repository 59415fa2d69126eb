"""Wilson: the least share that a number of successes out of trials still speaks for, as text that both engines read alike.

The lower end of the two-sided 95 % score interval (Wilson 1927, "Probable inference, the law of succession, and statistical
inference"), in millionths, rounded down: one of two is 0.094531, half of a million 0.499020. A list by it needs no least
number of trials: a share of few trials stands below one of many.

Both engines must give the same bits. Sums, products and quotients of doubles and FLOOR do; a square root may differ in its last
bit. So the root is taken of a whole number and a half and cut to a whole number, which no such bit can reach.
"""

from __future__ import annotations

from string import Template

Z = 1.959963984540054
"""The normal quantile of 97.5 %."""
_ROOT = 1e7
"""The root is whole at this scale: its square stays below 2^53, up to which doubles are whole numbers."""

_CAPPED = Template("CASE WHEN $k > $n THEN $n ELSE $k END")
_ROOTED = Template("FLOOR(SQRT(FLOOR($zz * ($k * ($n - $k) / $n + $quarter) / $n / $n * $square) + 5E-1)) / $root")
_BOUND = Template("FLOOR(($k + $half - $n * ($rooted)) / ($n + $zz) * 1E6) / 1E6")


def lower_bound(successes: str, trials: str) -> str:
    """SQL over two whole numbers: a double in 0..1, NULL without trials; more successes than trials count as trials."""
    n = f"CAST({trials} AS DOUBLE)"
    k = f"CAST({_CAPPED.substitute(k=successes, n=trials)} AS DOUBLE)"
    numbers = {"zz": Z * Z, "half": Z * Z / 2, "quarter": Z * Z / 4, "root": _ROOT, "square": _ROOT * _ROOT}
    text = {name: f"{value:.16E}" for name, value in numbers.items()}
    rooted = _ROOTED.substitute(text, k=k, n=n)
    bound = _BOUND.substitute(text, k=k, n=n, rooted=rooted)
    return f"CASE WHEN {trials} > 0 AND {successes} <= 0 THEN CAST(0 AS DOUBLE) WHEN {trials} > 0 THEN {bound} END"
