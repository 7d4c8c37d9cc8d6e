"""What is known about a project, as files for others: one file per format."""
