"""Figures, tables and the HTML report of finished studies. Reads tables, computes nothing new."""
