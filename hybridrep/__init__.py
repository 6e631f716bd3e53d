"""Hybrid neural representations: made, transformed, compared, tested and tracked."""

__version__ = "0.1.0"
