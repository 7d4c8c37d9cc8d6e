"""The compiled project as one JSON file: what schedulers, dashboards and other tools read instead of the project.

``write.py`` makes it, ``read.py`` gives the graph back, ``dags.py`` says how a scheduler is to build the models.
"""

from aggregator.export.manifest.findings import diagnostic_json
from aggregator.export.manifest.read import Manifest, ManifestError, read_manifest
from aggregator.export.manifest.write import manifest, manifest_text

__all__ = ["Manifest", "ManifestError", "diagnostic_json", "manifest", "manifest_text", "read_manifest"]
