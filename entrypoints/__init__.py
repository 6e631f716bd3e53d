"""One thin script per MLproject entry point: parse, call, exit code."""
