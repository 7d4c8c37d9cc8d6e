"""The front door for people: one file per command. The only package that prints and exits."""

from aggregator.cli.main import main

__all__ = ["main"]
