"""Whether BigQuery would accept every model, what columns it would have, what it would read and cost."""
