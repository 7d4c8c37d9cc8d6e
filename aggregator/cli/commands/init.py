"""``aggregator init``."""

from __future__ import annotations

import importlib.resources
import re
from importlib.resources.abc import Traversable
from pathlib import Path

import click

_YOURS = (".gitignore", "README.md")
"""Files that a repository often has already; they are left as they are."""

_NAME = "my_project"
"""How the starter project is called in its own files."""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path) -> int:
    """Make a new project that runs at once, in FOLDER (the current one by default).

    It comes with a source of a few hundred rows, models, a macro and a unit test, to be replaced by your own.
    """
    starter = importlib.resources.files("aggregator") / "starter"
    files = list(_files(starter, Path()))
    files = [(path, content) for path, content in files if str(path) not in _YOURS or not (folder / path).exists()]
    taken = [path for path, _ in files if (folder / path).exists()]
    if taken:
        raise click.ClickException(f"{folder / taken[0]} is already there; choose an empty folder")
    name = re.sub(r"\W+", "_", folder.absolute().name).strip("_").lower() or _NAME
    name = name if name[0].isalpha() else f"project_{name}"
    try:
        for path, content in files:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.replace(_NAME.encode(), name.encode()))
            click.echo(f"  {path}")
    except OSError as error:
        raise click.ClickException(f"{error.filename} can't be written: {error.strerror}") from None
    change = "" if folder == Path() else f"cd {folder} && "
    click.echo(f"\nMade {name}. Next: {change}aggregator run")
    return 0


def _files(folder: Traversable, at: Path) -> list[tuple[Path, bytes]]:
    found: list[tuple[Path, bytes]] = []
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.name == "__pycache__":
            continue
        if each.is_dir():
            found += _files(each, at / each.name)
        else:
            found.append((at / each.name, each.read_bytes()))
    return found
