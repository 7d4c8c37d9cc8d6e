"""A project as it would be if everything that is open in the editor were saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aggregator.cache import FILE, Cache
from aggregator.review import Review, review

RENEW_AFTER = 1_000
"""After so many checks, what is remembered of texts that were typed over is thrown away."""


class Checker:
    """Checks one project again and again; models that did not change, and read nothing that did, are not looked at."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cache = self._opened()
        self._checks = 0

    def check(self, unsaved: Mapping[Path, str]) -> Review:
        """Load, compile and lint. ``unsaved`` has the texts of the editor, by the absolute paths of their files."""
        self._checks += 1
        if self._checks % RENEW_AFTER == 0:
            self._cache.close()
            self._cache = self._opened()
        return review(self._root, None, self._cache, unsaved=unsaved)

    def _opened(self) -> Cache:
        """What the command line knows already; what is typed is nobody's business but ours."""
        return Cache(self._root / FILE, writes=False)
