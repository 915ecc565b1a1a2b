"""Signals: what a view shows of a lead at a snapshot, as columns of numbers."""
