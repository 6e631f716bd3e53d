"""Values of other packages, which everyday tests read from `values.json`."""
