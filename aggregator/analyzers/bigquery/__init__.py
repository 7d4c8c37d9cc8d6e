"""Asks BigQuery itself, with a dry run, where there are credentials."""
