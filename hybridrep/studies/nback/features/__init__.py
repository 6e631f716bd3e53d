"""A frozen vision model's map of every distinct frame, and what can be read from it."""
