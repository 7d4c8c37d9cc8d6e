"""What commands remember between runs: rows by the hash of everything that they were made from."""

from aggregator.cache.keys import key_of, software
from aggregator.cache.rows import FILE, Cache, Row

__all__ = ["FILE", "Cache", "Row", "key_of", "software"]
