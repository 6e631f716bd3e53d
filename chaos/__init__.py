"""Faults struck into a running study at random moments, and what must hold afterwards."""
