"""Who can say, without running a query, what BigQuery would make of it: one file or folder per analyzer."""
