"""Settings: one frozen object, read from the environment once and passed down."""

import difflib
import itertools
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leads.errors import SettingsError

PREFIX = "LEADSCORE_"
TRACKING = "MLFLOW_TRACKING_URI"


class Settings(BaseModel):
    """Every setting; `LEADSCORE_HOME` is the field `home`, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(Path(".leadscore"), description="where everything is kept")
    database_url: str | None = Field(None, description="the store, if it is not in the home")
    grade_a: int = Field(75, ge=1, le=99, description="the lowest score of grade A")
    grade_b: int = Field(50, ge=1, le=99, description="the lowest score of grade B")
    grade_c: int = Field(25, ge=1, le=99, description="the lowest score of grade C")
    mlflow_tracking_uri: str | None = Field(None, description="MLflow, if it is not in the home")

    signals: Path | None = Field(None, description="a file of your own signals")
    families: str = Field("", description="signals on or off: +calendar -replies …")
    language: str = Field("en", description="of sentences on the command line: en, sv, zh-Hant …")

    @property
    def store(self) -> str | Path:
        """The address of the store."""
        return self.database_url or self.home / "leadscore.db"

    @property
    def models(self) -> Path:
        """The folder of promoted models."""
        return self.home / "models"

    @property
    def tracking_uri(self) -> str:
        """The address of MLflow."""
        default = f"sqlite:///{(self.home / 'mlflow.db').resolve()}"
        return self.mlflow_tracking_uri or default

    @property
    def mlflow_artifacts(self) -> Path:
        """Where MLflow keeps the files of its runs."""
        return self.home.resolve() / "mlartifacts"

    @property
    def grades(self) -> tuple[tuple[str, int], ...]:
        """Grades with their lowest score, best first."""
        return (("A", self.grade_a), ("B", self.grade_b), ("C", self.grade_c))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings of an environment; an unknown `LEADSCORE_…` or a bad value is a `SettingsError`."""
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    known.pop(PREFIX + "MLFLOW_TRACKING_URI")
    values = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            if variable not in known:
                raise SettingsError(_unknown(variable, sorted(known)))
            values[known[variable]] = value
    if environment.get(TRACKING):
        values["mlflow_tracking_uri"] = environment[TRACKING]
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name} is {first['input']!r}: {first['msg'].lower()}") from None
    _check_grades(settings)
    return settings


def _check_grades(settings: Settings) -> None:
    grades = settings.grades
    for (better, bound), (worse, lower) in itertools.pairwise(grades):
        if bound <= lower:
            raise SettingsError(
                f"{PREFIX}GRADE_{worse} is {lower}, not below {PREFIX}GRADE_{better}, which is "
                f"{bound}; give falling bounds"
            )


def _unknown(variable: str, known: list[str]) -> str:
    close = difflib.get_close_matches(variable, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"the environment sets {variable}, which is no setting of leadscore; {hint}"
