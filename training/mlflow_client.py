"""MLflow's client: called explicitly, with its address, and its errors made ours.

No autolog, no active run, no global tracking address. MLflow is imported in `training/` and nowhere
else, for it costs seconds and 223 MB.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from leads.errors import SettingsError

REGISTERED_NAME = "leadscore"

UNKNOWN_CODES = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})


def mlflow_client(tracking_uri: str) -> MlflowClient:
    """A client of one MLflow, for its registry too."""
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def is_server(tracking_uri: str) -> bool:
    """Whether runs go to an MLflow server, which keeps their files itself."""
    return tracking_uri.startswith(("http://", "https://"))


@contextmanager
def explained(tracking_uri: str) -> Iterator[None]:
    """MLflow's errors as ours, with the address and what to do."""
    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        reason = str(error).partition("\n")[0]
        raise SettingsError(
            f"MLflow at {tracking_uri}: {reason}; check MLFLOW_TRACKING_URI"
        ) from error
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"MLflow at {tracking_uri} needs a driver: {error.msg}; run: pip install {error.name}"
        ) from error


def mlflow_ui_command(tracking_uri: str) -> str:
    """The command that shows the runs; for an MLflow server its address, where it shows them."""
    if is_server(tracking_uri):
        return tracking_uri
    return f"mlflow ui --backend-store-uri {shlex.quote(tracking_uri)}"
