"""Monitors and dashboards for Datadog, made from what owners declared: promises, budgets, checks, runbooks.

A file for each, called by an id that stays the same as long as what it is about does: who applies them again changes
what is there, and makes nothing twice. A team is an owner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aggregator.core.graph import Graph
from aggregator.export.datadog.dashboard import dashboard
from aggregator.export.datadog.monitors import monitors
from aggregator.export.datadog.teams import prefix, teams

__all__ = ["MARK", "datadog_files", "is_ours"]

MARK = "made-by:aggregator"
"""In each file, so that those of tables that are gone can be told from those of others."""

TERRAFORM = """\
# made-by:aggregator; apply with `terraform init` and `terraform apply`, with DD_API_KEY and DD_APP_KEY set.
terraform {
  required_providers {
    datadog = { source = "DataDog/datadog" }
  }
}

resource "datadog_monitor_json" "monitor" {
  for_each = fileset(path.module, "monitors/*.json")
  monitor  = file("${path.module}/${each.value}")
}

resource "datadog_dashboard_json" "dashboard" {
  for_each  = fileset(path.module, "dashboards/*.json")
  dashboard = file("${path.module}/${each.value}")
}
"""


def datadog_files(graph: Graph) -> dict[str, str]:
    """The texts of all files, by their paths. The graph's environment is one that is monitored."""
    texts = {"main.tf": TERRAFORM}
    for team in teams(graph):
        for id_, content in monitors(graph, team):
            texts[f"monitors/{id_}.json"] = _text({**content, "tags": [*content["tags"], MARK]})
        content = dashboard(graph, team)
        about = f"{content['description']} {MARK}"
        texts[f"dashboards/{prefix(graph)}{team.slug}.json"] = _text({**content, "description": about})
    return texts


def is_ours(path: str, text: str, graph: Graph) -> bool:
    """Whether a file was made for this project and environment."""
    return path.rpartition("/")[2].startswith(prefix(graph)) and MARK in text


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
