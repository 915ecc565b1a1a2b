"""Published benchmarks, run with the product's own signals and learning."""
