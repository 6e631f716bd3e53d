"""Running work: the store of finished results, tasks, local workers, a cluster, progress.

Knows nothing of science, MLflow or configuration.
"""
