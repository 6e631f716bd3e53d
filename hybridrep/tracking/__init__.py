"""MLflow: runs, tables, data sets and registered models of any study."""
