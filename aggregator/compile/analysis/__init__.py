"""What a SELECT gives: names, types and origins of its columns, from the declared schemas of what it reads."""

from aggregator.compile.analysis.analyse import Analysis, analyse, output_name, select_list, tell_types_of

__all__ = ["Analysis", "analyse", "output_name", "select_list", "tell_types_of"]
