"""A project to a graph of models: rendered, parsed, resolved, typed, fingerprinted."""

from aggregator.compile.project import Compiled, compile_project
from aggregator.compile.subject import Inspect, Remark, Subject

__all__ = ["Compiled", "Inspect", "Remark", "Subject", "compile_project"]
