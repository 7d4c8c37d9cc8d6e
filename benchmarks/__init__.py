"""What aggregator costs, measured: ``python -m benchmarks [demo] [step] [idle] [plan] [--json FILE]``.

Every figure is CPU time first: unlike wall time it hardly depends on what else the machine does. Each is taken in a
process of its own, which the operating system accounts for exactly, and is the median of several runs. The figures are
for people; nothing here fails because a number is high.
"""
