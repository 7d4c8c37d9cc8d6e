"""Templates to SQL that knows where it comes from: Jinja in a sandbox, over plain data."""
