"""A project to a graph of models: rendered, parsed, resolved, typed, fingerprinted."""

from aggregator.compile.project import Compiled, compile_project

__all__ = ["Compiled", "compile_project"]
