"""Beyond the paper: what one representation can carry of both, and what serves the new task."""
