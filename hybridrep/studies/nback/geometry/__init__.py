"""The geometry of what networks hold: angles between values, rotations over time, causal tests."""
