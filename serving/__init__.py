"""The HTTP side: JSON endpoints and pages over a store and its promoted model."""
