"""A home of its own with a simulated CRM, imported and learned from once for all tests."""

from pathlib import Path
from typing import Any

import pytest

from tests.leadscore.running import run_json


@pytest.fixture(scope="session")
def simulated_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "crm"
    run_json(folder.parent / "home", "simulate", folder, "--leads", 1500, "--seed", 3)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory, simulated_folder) -> tuple[Path, dict[str, Any]]:
    """A home with the simulated CRM imported and a first model promoted, and what `train` said."""
    home = tmp_path_factory.mktemp("trained") / "home"
    run_json(home, "import", simulated_folder)
    return home, run_json(home, "train")
