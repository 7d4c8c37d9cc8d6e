"""What others hear of runs: metrics, and one message to the owner for each root cause.

Nothing here can fail a run or keep it waiting: what can't be delivered is said once, and forgotten.
"""

from aggregator.monitoring.meter import Meter, metering

__all__ = ["Meter", "metering"]
