"""tweets."""
