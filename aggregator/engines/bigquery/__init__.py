"""BigQuery: the connection to it, where tables live in it, and what stands there."""
