"""Plain against fast for every expensive part; `python -m benchmarks` runs them."""
