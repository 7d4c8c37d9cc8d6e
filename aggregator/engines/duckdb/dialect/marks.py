"""By what a translated query is known to call functions that are made when they are needed."""

from __future__ import annotations

MARK = "_PY_"
"""What is in a translated query that calls a function in Python: they are made when the first such query comes."""

IN_JAVASCRIPT = "_JS_"
"""What the names of functions begin with that a project declares in JavaScript."""
