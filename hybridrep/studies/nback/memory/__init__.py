"""Recurrent networks that hold objects in memory: what they are, and how they are trained."""
