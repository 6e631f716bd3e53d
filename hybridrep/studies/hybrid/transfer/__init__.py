"""3.3: seven representations on a new task."""
