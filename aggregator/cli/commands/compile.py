"""``aggregator compile``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.fidelity import fidelity_summary
from aggregator.cli.files import replace_text
from aggregator.cli.options import format_option, project_options
from aggregator.cli.output import count, print_findings, print_json, print_text
from aggregator.cli.session import Session, open_project
from aggregator.core.graph import CompiledModel
from aggregator.export.manifest.write import manifest, manifest_text


@click.command("compile")
@project_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write this .json file, or manifest.json into a folder.",
)
@format_option("json", "github", "sarif")
def command(folder: Path, environment: str | None, quiet: bool, out: Path | None, output: str) -> int:
    """Compile every model and write the manifest."""
    session = open_project(folder, environment, output, quiet=quiet)
    found = manifest(session.graph, session.findings) if out is not None or output == "json" else {}
    if output == "json":
        print_json(found)
    elif output != "text":
        print_findings(session.findings, session.root, output)
    else:
        _print(session)
    if out is not None:
        path = _write(out, manifest_text(found))
        click.echo(f"wrote {path}", err=output != "text")
    return session.exit_code()


def _print(session: Session) -> None:
    models = session.graph.models.values()
    width = max((len(str(model.name)) for model in models), default=0)
    for model in models:
        click.echo(f"{model.name!s:<{width}}  {_form(model):<14}  {_columns(model)}")
    print_text(session.findings, session.root)
    findings = f", {count(len(session.findings), 'finding')}" if session.findings else ""
    click.echo(f"{count(len(models), 'model')} compiled{findings}")
    for line in fidelity_summary(models):
        click.echo(line)


def _form(model: CompiledModel) -> str:
    return f"by {model.calendar.grain}" if model.calendar else str(model.model.kind)


def _columns(model: CompiledModel) -> str:
    names = ", ".join(f"{column.name} {column.type or '?'}" for column in model.columns)
    return names if len(names) <= 120 else f"{names[:117]}..."  # noqa: PLR2004


def _write(out: Path, text: str) -> Path:
    target = out if out.suffix == ".json" and not out.is_dir() else out / "manifest.json"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_text(target, text)
    except OSError as error:
        raise click.ClickException(f"{target} can't be written: {error.strerror}") from None
    return target
