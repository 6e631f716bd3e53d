"""task_specific."""
