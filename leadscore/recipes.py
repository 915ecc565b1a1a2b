"""The recipe that the settings ask for."""

from features.families import switched
from leadscore.settings import Settings
from training.recipe import Recipe


def recipe_of(settings: Settings) -> Recipe:
    """The usual one with the families of LEADSCORE_FAMILIES; `SettingsError` for an unknown one."""
    switched(settings.families)
    return Recipe(families=settings.families)
