"""`history` and `restore`: the versions of a key, and an old one made the current one again."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command, consent, yes_option
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish import history as store
from readmodel_cfn.publish.history import Restored, Version


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn history products/42.json",
    ),
)
@click.argument("key")
@aws_command
@json_option
def history(target: Target, key: str, as_json: bool) -> None:
    """List the versions of KEY, newest first: id, time, bytes, ETag, current or deleted.

    With --json: a list of versions, each with id, time, size, etag, current and deletion.
    """
    _check_served(target, key)
    bucket = target.required(target.outputs(), "S3BucketName")
    versions = _versions(target, bucket, key)
    if as_json:
        report.print_json([_plain(one) for one in versions])
    else:
        report.table(_row(one) for one in versions)
    _tell_unkept(bucket, versions)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn restore products/42.json 3HL4kqtJlcpXrof3vjVBH40Nr8X8gdRQ",
    ),
)
@click.argument("key")
@click.argument("version")
@aws_command
@yes_option
@json_option
def restore(target: Target, key: str, version: str, yes: bool, as_json: bool) -> None:
    """Make VERSION of KEY the current one again, by writing it anew; nothing is deleted.

    Refused when somebody publishes or deletes KEY meanwhile. `history` lists the versions.

    With --json: an object with bucket, key, restored, version and etag.
    """
    _check_served(target, key)
    bucket = target.required(target.outputs(), "S3BucketName")
    versions = _versions(target, bucket, key)
    chosen = store.find(versions, version, key)
    current = versions[0]
    if chosen != current:
        _tell_unkept(bucket, [current])
        over = "its deletion" if current.deletion else f"version {current.id}"
        what = f"version {chosen.id} of {_time(chosen)}, {chosen.size:,} bytes"
        consent(f"Restore {key} to {what}, over {over} of {_time(current)}?", yes)
    with slow("Restoring it"):
        done = store.restore(target.connection.client("s3"), bucket, key, chosen, current)
    with unfinished_if_untold(f"{bucket}/{key}", "it is restored"):
        _tell(done, as_json)


def _tell(done: Restored, as_json: bool) -> None:
    if as_json:
        report.print_json(asdict(done))
    elif done.version == done.restored:
        report.story(f"Nothing to do: {done.restored} is the current version of {done.key}.")
    else:
        report.table([[name, value or "-"] for name, value in asdict(done).items()])


def _check_served(target: Target, key: str) -> None:
    routes = target.config.model.routes
    if not any(route.match_key(key) for route in routes):
        served = ", ".join(f"{route.key} ({route.path})" for route in routes)
        raise ConfigError(f"no route serves {key!r}", where="KEY", hint=f"served: {served}")


def _versions(target: Target, bucket: str, key: str) -> list[Version]:
    with slow("Listing the versions"):
        found = store.history(target.connection.client("s3"), bucket, key)
    if not found:
        hint = "publish it first, or check the key"
        raise ReadModelError("it has no versions", where=f"{bucket}/{key}", hint=hint)
    return found


def _tell_unkept(bucket: str, versions: Sequence[Version]) -> None:
    """Say what a version without an id means."""
    if any(one.id == store.UNKEPT for one in versions):
        report.story(
            f"Version {store.UNKEPT} was written while {bucket} kept no versions: the next write "
            "replaces it, unless versioning is on by now."
        )


def _plain(one: Version) -> dict[str, object]:
    return {**asdict(one), "time": one.time.isoformat(), "deletion": one.deletion}


def _row(one: Version) -> list[str]:
    size = "-" if one.size is None else f"{one.size:,}"
    states = ["current"] * one.current + ["deleted"] * one.deletion
    return [one.id, _time(one), size.rjust(10), one.etag or "-", ", ".join(states)]


def _time(one: Version) -> str:
    return f"{one.time:%Y-%m-%d %H:%M:%S}Z"
