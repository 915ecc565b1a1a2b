"""Views to scores: the scorer, its artifact, calibration, factors, sentences and metrics."""
