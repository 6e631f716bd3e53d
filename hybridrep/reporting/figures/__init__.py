"""One module per kind of figure; each takes tables or arrays and returns a matplotlib figure."""
