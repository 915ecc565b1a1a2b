"""Training: snapshots and weights, fitting, evaluation forward in time, tracking, promotion."""
