"""Quarantined attributes: nothing is learned from them, for they would tell the future."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quarantined:
    """An attribute that is not learned from, and why, in words that may follow its name."""

    attribute: str
    evidence: str

    def as_record(self) -> dict[str, str]:
        """A plain record for `--json` and the model's card."""
        return {"field": self.attribute, "evidence": self.evidence}
