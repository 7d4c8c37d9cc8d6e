"""``key_to_be_declared``."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE
from aggregator.checks.columns import never
from aggregator.checks.protocol import Asked, Promise


class KeyDeclared:
    """The model says with `key:` what makes a row unique. For the project as a whole."""

    name = "key_to_be_declared"
    short = ()
    bare = ""
    takes = OF_TABLE
    example = "{}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        if not asked.model.model.key:
            raise never(
                f"{asked.model.name} declares no key", "say what makes a row unique: `key: [flight_date, carrier]`"
            )
        return None
