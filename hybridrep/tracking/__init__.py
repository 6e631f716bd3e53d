"""MLflow: runs, tables, data sets and registered models of any study."""

import os

# MLflow reports its use to its makers unless told not to before it is imported, and all of it is
# imported from here. Who wants that says so by MLFLOW_DISABLE_TELEMETRY=false.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
