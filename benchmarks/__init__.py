"""What aggregator costs, measured: ``python -m benchmarks [FIGURE ...] [--json FILE]``.

Every figure is CPU time first: unlike wall time it hardly depends on what else the machine does. Each is taken in a
process of its own, which the operating system accounts for exactly, and is the median of several runs. The figures are
for people; nothing here fails because a number is high.

``demo``, ``step``, ``idle`` and ``plan`` are about the demo project; ``scale-100``, ``scale-1000`` and ``build`` about
generated ones, ``plan-1000`` about a warehouse that is made up, ``rollups-small`` and ``rollups`` about declared
aggregates of a log that is. ``analyzer`` and ``dry-run`` need the extra ``googlesql``, and are passed over without it.
``scale-5000``, ``dry-run-1000`` and ``rollups`` take many minutes, and ``peers`` installs other tools: these only run
when named.
"""
