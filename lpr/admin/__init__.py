"""The back office of the reads room."""

from lpr.admin import policy

__all__ = ["policy"]
