"""What the study found, as tables."""
