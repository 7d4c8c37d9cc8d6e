"""Files and configuration to :class:`~aggregator.core.project.Project`."""

from aggregator.load.files import find_project
from aggregator.load.project import Loaded, load_project

__all__ = ["Loaded", "find_project", "load_project"]
