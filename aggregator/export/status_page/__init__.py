"""The state of all partitions as a page for browsers: one file that loads nothing and runs nothing."""

from aggregator.export.status_page.page import status_page

__all__ = ["status_page"]
