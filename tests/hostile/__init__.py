"""hostile."""
