"""The tree of errors: each class is something the caller can act on.

Every message says what is wrong, where, the value, and what to do.
"""


class LeadscoreError(Exception):
    """Something could not be done; the message is one line for a person."""


class InvalidInputError(LeadscoreError):
    """Input that the contract does not allow: the caller has to change it."""


class InvalidTableError(InvalidInputError):
    """A whole table or folder that cannot be imported; nothing of it was stored."""


class InvalidSnapshotError(InvalidInputError):
    """A snapshot that cannot be computed: in the future, or before its lead existed."""


class UnknownLeadError(LeadscoreError):
    """No lead of that id is known."""


class UnknownModelError(LeadscoreError):
    """No model of that version is known, or none was promoted yet."""


class EventConflictError(LeadscoreError):
    """An `event_id` that is known with other content."""


class DamagedArtifactError(LeadscoreError):
    """A model folder whose files are missing or do not match its manifest."""


class StoreError(LeadscoreError):
    """The store cannot be used: another schema, locked, or damaged."""


class TooFewLeadsError(LeadscoreError):
    """Not enough closed leads to learn from or to evaluate on."""


class SettingsError(LeadscoreError):
    """A setting or an installation that leadscore cannot run with."""
