"""Leads as JSON bodies: read strictly, by the same rules as files, into the same timelines."""
