"""Which files of a project differ from a git revision."""

from __future__ import annotations

from pathlib import Path

from aggregator.cli.revisions import base_commit, lines


def changed_files(root: Path, revision: str) -> set[str]:
    """Paths below ``root`` that differ from where this branch left a revision: changed, new and deleted ones.

    A renamed file counts with both names. What others have committed since then is no change of this branch. Changes
    that are not committed count, files that git ignores do not. Raises UsageError where there is no such revision, no
    repository or no git.
    """
    commit = base_commit(root, revision)
    changed = _paths(root, "diff", "--name-only", "--no-renames", "--relative", "-z", commit, "--")
    return changed | _paths(root, "ls-files", "--others", "--exclude-standard", "-z")


def _paths(root: Path, *arguments: str) -> set[str]:
    return {path for line in lines(root, *arguments) for path in line.split("\0") if path}
