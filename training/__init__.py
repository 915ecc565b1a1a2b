"""Training: snapshots and weights, fitting, evaluation forward in time, tracking, promotion."""

import os

# MLflow reads these when it is imported, which only modules of this package do. Unless told
# otherwise it reports usage to its makers, logs the creation of its tables, prints addresses where
# `--json` allows one object only, and asks a server that is not there for minutes.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
