"""Labelled texts from files and from the hub, as one record."""
