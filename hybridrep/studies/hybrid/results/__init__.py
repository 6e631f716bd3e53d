"""4: a study's finished results as tables, tests, claims, and as what its runs hold."""
