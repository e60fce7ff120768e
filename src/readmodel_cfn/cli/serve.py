"""`serve`: serve the API on this machine, from a folder of documents or from S3."""

import gc
import json
from contextlib import suppress
from pathlib import Path

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import FILE, FILE_OR_FOLDER, WORD, json_option, model_options
from readmodel_cfn.cli.reporter import Printer, Reporter
from readmodel_cfn.cli.selected_model import SelectedModel
from readmodel_cfn.local import serve as local_serve
from readmodel_cfn.local.serve import Answered, ServedApi, Source
from readmodel_cfn.stack import ReadModelStack

_PARAMETER_HELP = (
    "Value of a parameter, or name of a bucket, of the template (NAME=VALUE); repeatable."
)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn serve",
        "readmodel-cfn serve --documents documents --quiet",
        "readmodel-cfn serve --template template.yaml --stage v1",
    ),
)
@click.option(
    "--documents",
    "--data",
    "documents",
    type=FILE_OR_FOLDER,
    help="Folder of documents; a key is a path below it [default: data].",
)
@click.option(
    "--template",
    "template_file",
    type=FILE,
    help="Template with a REST API in front of S3, JSON or YAML, instead of the configuration.",
)
@click.option("--stage", type=WORD, help="Stage to serve [default: the template's first].")
@click.option("--parameter", "parameters", type=WORD, multiple=True, help=_PARAMETER_HELP)
@click.option(
    "--s3-endpoint", type=WORD, help="URL of an S3 endpoint to read from instead of a folder."
)
@click.option(
    "--sign", is_flag=True, help="Sign the requests to --s3-endpoint with the environment's key."
)
@click.option(
    "--origin",
    "origins",
    type=WORD,
    multiple=True,
    help="Origin whose pages may read, besides those of the template; repeatable; or none "
    "[default: http://localhost:* and http://127.0.0.1:*].",
)
@model_options
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port [default: a free one]."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--quiet", is_flag=True, help="Do not log requests.")
@json_option
def serve(
    documents: Path | None,
    template_file: Path | None,
    stage: str | None,
    parameters: tuple[str, ...],
    s3_endpoint: str | None,
    sign: bool,
    origins: tuple[str, ...],
    model: SelectedModel,
    port: int,
    host: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Serve the API on this machine, until Ctrl-C.

    Documents are the files of a folder, or the objects of an S3 endpoint. Replace a file by
    renaming a new one over it; readers get it at once. A changed readmodel.toml or template is
    served at once too. A request that needs an unsupported feature of API Gateway gets a 501.
    Pages of this machine may read, whatever cors_origin says: see --origin.

    With --json: once it serves, an object on one line with url, data, pid, routes, findings and
    origins.
    """
    if template_file and model.given:
        raise click.UsageError(f"--template cannot be used with {model.given}.")
    if s3_endpoint and documents:
        raise click.UsageError("--s3-endpoint cannot be used with --documents.")
    if sign and not s3_endpoint:
        raise click.UsageError("--sign needs --s3-endpoint.")
    values = dict(map(_parameter, parameters))

    def load() -> Source:
        source = (
            Source.of(template_file)
            if template_file
            else ReadModelStack.from_config(
                model.load_or_example(), article=model.article
            ).serve_source()
        )
        return source.with_options(values, stage)

    report = _reporter(as_json, quiet)

    def print_report(value: object) -> None:
        with suppress(BrokenPipeError):  # continue if the log is closed
            report(value)

    gc.enable()  # off for the other commands; this one runs long
    local_serve.serve(
        load,
        documents or local_serve.DOCUMENTS,
        watch=template_file or model.file,
        s3_endpoint=s3_endpoint,
        sign=sign,
        origins=origins,
        host=host,
        port=port,
        on_progress=print_report,
    )


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--parameter")
    return name, value


def _reporter(as_json: bool, quiet: bool) -> Reporter:
    printers: dict[type, Printer] = {ServedApi: _print_json if as_json else _print}
    if not quiet:
        printers[Answered] = lambda answered: output.log(str(answered))
    return Reporter(printers=printers)


def _print(api: ServedApi) -> None:
    """A row for each route: URL, methods, document, and the status if the document is missing."""
    rows = [["URL", "methods", "file", "missing"]]
    for route in api.routes:
        methods, missing = " ".join(route.methods), str(route.missing or "-")
        rows.append([api.url_of(route), methods, api.document_of(route), missing])
    output.table(rows)
    for finding in api.findings:
        output.log(f"Not supported: {finding}")
    if api.origins:
        output.log(f"Pages of {' and '.join(api.origins)} may read it, too.")
    output.log("Press Ctrl-C to stop.")


def _print_json(api: ServedApi) -> None:
    """One object on one line, for a program that waits for it."""
    click.echo(json.dumps(api.as_dict()))
