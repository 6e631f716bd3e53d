"""The study's page and its figures."""
