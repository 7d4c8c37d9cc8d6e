"""What a SELECT gives: names, types and origins of its columns, from the declared schemas of what it reads."""

from aggregator.compile.analysis.analyse import Analysis, analyse, output_name, select_list, tell_types_of
from aggregator.compile.analysis.bodies import Called, found_in_bodies
from aggregator.compile.analysis.scopes import Scope

__all__ = ["Analysis", "Called", "Scope", "analyse", "found_in_bodies", "output_name", "select_list", "tell_types_of"]
