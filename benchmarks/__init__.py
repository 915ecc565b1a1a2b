"""Measurements of accuracy and speed; tables in docs/benchmarks.md."""
