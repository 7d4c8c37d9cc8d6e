"""``relationships``."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, a_table, column, text
from aggregator.checks.protocol import Asked, Promise, of_partition


class Relationships:
    """Every value that is not NULL is found in a column of another table, as that is now."""

    name = "relationships"
    short = ()
    bare = ""
    takes = (column(), a_table("to"), text("field"), *OF_NUMBER)
    example = "{column: carrier, to: dims.carriers, field: carrier}"

    def promise(self, asked: Asked) -> Promise | None:
        """The rows without a counterpart."""
        column, to, field = asked["column"], asked["to"], asked["field"]
        known = f"SELECT `{field}` FROM {to} WHERE `{field}` IS NOT NULL"
        bad = f"{column.sql} IS NOT NULL AND {column.sql} NOT IN ({known})"
        where = " AND ".join(f"({each})" for each in (of_partition(asked.model), asked.condition, bad) if each)
        return asked.promise(
            query=f"SELECT * FROM {asked.model.name} WHERE {where}",
            reads=((str(to), str(field)),),
            complaint=asked.described(f"{column.name} is not in {to}.{field} in {{value}} rows"),
            is_per_row=True,
        )
