"""`publish`: JSON documents, one or many, to the keys that routes serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.kinds import FILE_OR_FOLDER, WORD
from readmodel_cfn.cli.publication import Wish, publish_many, selection_of, settings_of
from readmodel_cfn.cli.publisher import Publisher, publisher
from readmodel_cfn.cli.served import key_of
from readmodel_cfn.cli.signals import stop_on_sigterm
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command, yes_option
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.config.load import Publish
from readmodel_cfn.errors import ConfigError, Unfinished
from readmodel_cfn.publish import publish as store
from readmodel_cfn.publish.documents import read_alone
from readmodel_cfn.publish.racing import put_first
from readmodel_cfn.template.options import OptionError


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn publish 42.json --key products/42.json",
        "readmodel-cfn publish data --exclude 'drafts/*'",
        "readmodel-cfn publish data --as-writer --skip-invalid --json",
    ),
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=FILE_OR_FOLDER)
@aws_command
@click.option("--key", help="Key for one FILE [default: the one key that the route serves].")
@click.option("--route", "path", help="Path of the route that serves one FILE.")
@click.option("--as-writer", is_flag=True, help="Use the stack's own writer key.")
@click.option("--bucket", type=WORD, help="Bucket to put it into; then the stack is not asked.")
@click.option("--if-match", metavar="ETAG", help="Replace one FILE's document if it has this ETag.")
@click.option("--create-only", is_flag=True, help="Put only what is not there yet.")
@click.option("--force", is_flag=True, help="Send what has not changed, too.")
@click.option("--skip-invalid", is_flag=True, help="Leave invalid documents out, send the others.")
@click.option(
    "--delete-missing", is_flag=True, help="Then delete what routes serve and no PATH has; asks."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Neither send nor delete keys that match, such as 'drafts/*'; repeatable.",
)
@yes_option
@json_option
@stop_on_sigterm()
def publish(
    target: Target,
    paths: tuple[Path, ...],
    key: str | None,
    path: str | None,
    as_writer: bool,
    bucket: str | None,
    if_match: str | None,
    create_only: bool,
    force: bool,
    skip_invalid: bool,
    delete_missing: bool,
    exclude: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Publish JSON documents to the keys that routes serve.

    A PATH is a file, or a directory: then the path of each file below it is its key. Of many, only
    what has changed is sent, and nothing if one is invalid. One file is always sent. Names that
    begin with a dot are passed over, unless a route's key spells them: .well-known/{name}.json.

    With --json: of one file an object with bucket, key, etag, version and bytes; of many a line
    each, an object whose one key is sent, invalid, lost or deleted, and at the end result.
    """
    if if_match and create_only:
        raise ConfigError("give one of the two", where="--if-match and --create-only")
    if skip_invalid and delete_missing:
        what = "what is left out would count as missing: give one of the two"
        raise ConfigError(what, where="--skip-invalid and --delete-missing")
    _check_patterns(exclude)
    if len(paths) > 1 or paths[0].is_dir() or delete_missing:
        _refuse(key, path, if_match)
        wish = Wish(force, skip_invalid, create_only, delete_missing, yes, as_json, exclude)
        publish_many(target, paths, wish, bucket, as_writer)
        return
    settings, body = settings_of(target), read_alone(paths[0])
    store.check_document(body, str(paths[0]), settings)
    key = key_of(target.config.model.routes, paths[0], key, path)
    if selection_of(target, exclude).excludes(key):
        hint = "remove the pattern from --exclude, or from exclude under [publish]"
        raise ConfigError("a pattern excludes it", where=key, hint=hint)
    to = publisher(target, bucket, as_writer)
    if if_match is not None:
        to.require("--if-match", "compare")
    where = f"{to.bucket}/{key}"
    with (
        _unfinished_if_interrupted(where, "0 sent, 1 in progress"),
        slow(f"Sending it to {to.bucket}"),
    ):
        done = _put(to, key, body, settings, if_match, create_only)
    with (
        unfinished_if_untold(where, "it is published"),
        _unfinished_if_interrupted(where, "1 sent"),
    ):
        if as_json:
            report.print_json(vars(done))
        else:
            report.published(done)


@contextmanager
def _unfinished_if_interrupted(where: str, so_far: str) -> Iterator[None]:
    """Within, one document is sent: an interruption says how far that came.

    Raises:
        Unfinished: it was interrupted.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Unfinished(f"interrupted: {so_far}", where=where, hint="run it again") from None


def _check_patterns(exclude: tuple[str, ...]) -> None:
    """Refuse patterns that match no key, by the rules of readmodel.toml.

    Raises:
        OptionError: naming the option.
    """
    try:
        Publish(exclude)
    except OptionError as error:
        raise OptionError("--exclude", error.value, error.allowed) from error


def _put(
    to: Publisher,
    key: str,
    body: bytes,
    settings: store.Settings,
    if_match: str | None,
    create_only: bool,
) -> store.Published:
    s3 = to.connection.client("s3")
    if create_only or if_match is not None:
        return put_first(s3, to.bucket, key, body, settings, if_match=if_match)
    return store.put(s3, to.bucket, key, body, settings)


def _refuse(key: str | None, path: str | None, if_match: str | None) -> None:
    for option, given in {"--key": key, "--route": path, "--if-match": if_match}.items():
        if given is not None:
            raise ConfigError("goes with one FILE only", where=option)
