"""tests.networks."""
