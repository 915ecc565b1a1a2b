"""Mappings: a person's own export, read as the tables of the contract."""
