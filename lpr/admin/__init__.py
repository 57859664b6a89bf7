"""The back office of the reads room."""

from lpr.admin import deliveries, error_reports, policy, sources

__all__ = ["deliveries", "error_reports", "policy", "sources"]
