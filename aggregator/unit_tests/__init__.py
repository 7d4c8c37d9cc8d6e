"""Unit tests of models: a few rows in, and the rows that must come out."""
