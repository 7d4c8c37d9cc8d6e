"""Environments that know of each other."""

from __future__ import annotations

import pytest

from aggregator.load import load_project

PROJECT = """
project: test
environments:
  dev: {engine: bigquery, project: acme-dev, datasets: "dev_{dataset}", read_from: prod}
  prod: {engine: bigquery, project: acme, location: EU}
default_environment: dev
"""


@pytest.mark.parametrize(("name", "other"), [("dev", ("prod", "acme", "EU")), ("prod", None)])
def test_the_environment_that_tables_are_read_from(name, other, make_project):
    project = load_project(make_project({"aggregator.yml": PROJECT}), name).project
    read_from = project.read_from

    assert project.environment.name == name
    assert (read_from and (read_from.name, read_from.project, read_from.location)) == other
