"""Which files of a project differ from a git revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click


def changed_files(root: Path, revision: str) -> set[str]:
    """Paths below ``root`` that differ from where this branch left a revision: changed, new and deleted ones.

    A renamed file counts with both names. What others have committed since then is no change of this branch. Changes
    that are not committed count, files that git ignores do not. Raises UsageError where there is no such revision, no
    repository or no git.
    """
    if revision.startswith("-"):
        raise click.UsageError(f"changed:{revision}: not a revision")
    commit = _lines(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")[0]
    common = _git(root, "merge-base", commit, "HEAD").stdout.split()  # none where histories have nothing in common
    changed = _paths(root, "diff", "--name-only", "--no-renames", "--relative", "-z", *(common or [commit])[:1], "--")
    return changed | _paths(root, "ls-files", "--others", "--exclude-standard", "-z")


def _paths(root: Path, *arguments: str) -> set[str]:
    return {path for line in _lines(root, *arguments) for path in line.split("\0") if path}


def _lines(root: Path, *arguments: str) -> list[str]:
    done = _git(root, *arguments)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it failed"]
        raise click.UsageError(f"git {arguments[0]}: {said[0]}")
    return done.stdout.rstrip("\n").split("\n")


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  (no shell; the revision can't be an option)
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise click.UsageError(f"changed: needs git: {error.strerror}") from None
