"""How many of what, as English says it in errors and reports: for a person, of one and of many."""


def count_of(number: int, one: str, many: str) -> str:
    """Such as `1 lead is` and `2,000 leads are`."""
    return f"{number:,} {one if number == 1 else many}"
