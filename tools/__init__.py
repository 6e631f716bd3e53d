"""What the project's own checks run, beside its tests."""
