"""A project as it was at a git revision, in a folder of its own for as long as it is looked at."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click


def base_commit(root: Path, revision: str) -> str:
    """The commit at which this branch left a revision; the revision's own where histories have nothing in common.

    Raises UsageError where there is no such revision, no repository or no git.
    """
    if revision.startswith("-"):
        raise click.UsageError(f"{revision}: not a revision")
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode and not found.stderr.strip():
        raise click.UsageError(f"{revision}: there is no such revision; a shallow clone may lack it")
    commit = lines(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")[0]
    common = git(root, "merge-base", commit, "HEAD").stdout.decode().split()
    return [*common, commit][0]


@contextlib.contextmanager
def project_at(root: Path, commit: str) -> Iterator[Path]:
    """The project's folder as it was at a commit. Raises UsageError if it was not there."""
    top, prefix = (lines(root, "rev-parse", each)[0] for each in ("--show-toplevel", "--show-prefix"))
    import tarfile  # noqa: PLC0415  (only who compares looks into one)

    # From the top: in a folder that the commit does not have, git archives nothing.
    done = git(Path(top), "archive", "--format=tar", f"{commit}:{prefix}")
    if done.returncode:
        raise click.UsageError(f"there was no project here at {commit[:12]}")
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def lines(root: Path, *arguments: str) -> list[str]:
    """What git says, line by line. Raises UsageError where it fails."""
    done = git(root, *arguments)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed"]
        raise click.UsageError(f"git {arguments[0]}: {said[0]}")
    return done.stdout.decode(errors="surrogateescape").rstrip("\n").split("\n")


def git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder. Raises UsageError where there is none."""
    try:
        return subprocess.run(  # noqa: S603  (no shell; a revision can't be an option)
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise click.UsageError(f"this needs git: {error.strerror}") from None
