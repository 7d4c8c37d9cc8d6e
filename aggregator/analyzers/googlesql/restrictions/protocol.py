"""What a rule is: a restriction of BigQuery's that the open analyzer does not have."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree


@dataclasses.dataclass(frozen=True)
class Broken:
    """A restriction that a statement breaks: BigQuery's message, where it is known, and the node to blame.

    ``shift`` moves the place by so many bytes, where what is to blame is no node of its own.
    """

    message: str
    node: Node
    shift: int = 0


@dataclasses.dataclass(frozen=True)
class Rule:
    """``check`` finds what breaks a restriction.

    It is asked where one of the ``words`` is in the text often enough, and the tree has a node of ``kind``, if one is
    named.
    """

    words: tuple[str, ...]
    check: Callable[[Tree], Iterator[Broken]]
    times: int = 1
    kind: str = ""
