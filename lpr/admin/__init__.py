"""The back office of the reads room."""

from lpr.admin import deliveries, policy, sources

__all__ = ["deliveries", "policy", "sources"]
