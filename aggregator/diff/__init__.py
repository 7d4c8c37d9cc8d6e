"""Two versions of a project on one warehouse: which models change, what has to be rebuilt, and which rows differ."""
