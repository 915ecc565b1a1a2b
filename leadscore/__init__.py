"""The product: commands, settings and wiring. It sees every other package; none imports it."""
