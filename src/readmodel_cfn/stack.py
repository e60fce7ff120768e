"""ReadModelStack: one read model as one CloudFormation stack; all that the command line does.

    shop = ReadModelStack("shop", ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))
    shop.deploy()
    shop.publish({"products/42.json": {"id": 42}})
    print(shop.read("products/42").json())

Each method is one command of the command line. Results are frozen values, and their `as_dict()` is
what the command prints with `--json`. Every error is a ReadModelError.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.http import Response, reachable_url, request
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.config.load import DEFAULT_FILE, Config, StackSettings, load
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.progress import OnProgress, Step, ignore
from readmodel_cfn.template.model import ReadModel

if TYPE_CHECKING:
    import boto3

    from readmodel_cfn.deploy.client import StackClient
    from readmodel_cfn.deploy.values import Stack
    from readmodel_cfn.local.serve import Source


class ReadModelStack:
    """One read model as one CloudFormation stack in one AWS account and region.

    Nothing is sent to AWS before a method needs it; one connection serves all methods.

    Args:
        name: Name of the stack.
        model: The read model; the default has the article's one route.
        region: AWS region; by default that of the environment or the profile.
        profile: AWS profile; by default that of the environment.
        endpoint_url: One URL for every AWS service, such as an emulator's.
        session: A boto3 session, instead of region and profile.
        sandbox: Whether to use the embedded AWS, which is started if needed.
        tags: Tags of the stack, which CloudFormation copies to its resources.
        termination_protection: Whether CloudFormation refuses to delete the stack.
        role_arn: ARN of the IAM role that CloudFormation assumes.
        prefix: Prefix of the logical IDs and outputs, if the stack holds more than this read model.
        article: Whether the stack is the article's, as printed; its route is the default model's.

    Raises:
        ConfigError: a value that AWS would refuse, or options that exclude each other.
    """

    def __init__(
        self,
        name: str,
        model: ReadModel | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        sandbox: bool = False,
        tags: Mapping[str, str] | None = None,
        termination_protection: bool = False,
        role_arn: str | None = None,
        prefix: str = "",
        article: bool = False,
    ) -> None:
        settings = StackSettings(
            name=name,
            region=region,
            tags=dict(tags or {}),
            termination_protection=termination_protection,
            role_arn=role_arn,
            prefix=prefix,
        )
        self._set(
            Config(settings, ReadModel() if model is None else model),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
        )

    @classmethod
    def from_config(
        cls,
        config: str | Path | Config = DEFAULT_FILE,
        *,
        name: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        sandbox: bool = False,
        article: bool = False,
    ) -> Self:
        """The stack that a readmodel.toml describes; what is given here takes precedence.

        Raises:
            ConfigError: the file cannot be read, or has a value that AWS would refuse.
        """
        found = config if isinstance(config, Config) else load(Path(config))
        settings = found.stack if name is None else replace(found.stack, name=name)
        stack = cls.__new__(cls)
        region = region or settings.region
        stack._set(
            replace(found, stack=settings),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
        )
        return stack

    def _set(self, config: Config, connection: Connection, article: bool) -> None:
        if connection.session and (connection.profile or connection.sandbox):
            hint = "a session has its own profile and account"
            raise ConfigError("excludes profile and sandbox", where="session", hint=hint)
        self.config, self.article, self._given = config, article, connection
        self._connection: Connection | None = None

    def __repr__(self) -> str:
        return f"ReadModelStack({self.name!r})"

    @property
    def name(self) -> str:
        """Name of the stack."""
        return self.config.stack.name

    @property
    def model(self) -> ReadModel:
        """The read model; the article's route is that of the default one."""
        return ReadModel() if self.article else self.config.model

    @readable_errors()
    def connect(self, on_progress: OnProgress = ignore) -> Connection:
        """The connection that serves all calls; the sandbox is started here if it is used.

        Raises:
            ConfigError: an endpoint URL that is none.
            SandboxError: the sandbox cannot be installed or started.
        """
        if self._connection is None:
            self._connection = _connected(self._given, on_progress)
        return self._connection

    @property
    def connection(self) -> Connection:
        """The same, without reports of progress."""
        return self.connect()

    @cached_property
    def location(self) -> StackLocation:
        """The stack's name and connection, as messages and other commands use them."""
        return StackLocation(self.name, self.connection)

    @cached_property
    def _client(self) -> "StackClient":
        from readmodel_cfn.deploy.client import StackClient

        return StackClient(self.connection.client("cloudformation"))

    def _described(self, on_progress: OnProgress = ignore) -> "Stack":
        """The deployed stack.

        Raises:
            ReadModelError: there is none.
        """
        on_progress(Step(f"Describing {self.location}"))
        stack = self._client.describe(self.name)
        if stack is None:
            hint = f"run: {self.location.command('deploy')}"
            raise ReadModelError("does not exist", where=str(self.location), hint=hint)
        return stack

    @readable_errors()
    def outputs(self, on_progress: OnProgress = ignore) -> dict[str, str]:
        """The deployed stack's outputs; URLs are those that this machine can reach.

        The article's stack has its writer's secret access key among them.

        Raises:
            ReadModelError: the stack does not exist.
        """
        endpoint_url = self.connection.endpoint_url
        found = self._described(on_progress).outputs
        return {name: reachable_url(value, endpoint_url) for name, (value, _) in found.items()}

    @readable_errors()
    def url(self, path: str = "", on_progress: OnProgress = ignore) -> str:
        """The URL of a path of the deployed API, such as products/42; of the API without one.

        Raises:
            ReadModelError: the stack does not exist, or has no API.
        """
        return self._url(self._own_outputs(on_progress), path)

    @readable_errors()
    def bucket(self, on_progress: OnProgress = ignore) -> str:
        """Name of the deployed stack's bucket.

        Raises:
            ReadModelError: the stack does not exist, or has no such output.
        """
        return self._required(self._own_outputs(on_progress), "S3BucketName")

    @readable_errors()
    def read(self, path: str | None = None, on_progress: OnProgress = ignore) -> Response:
        """GET a path of the deployed API, such as products/42; the first route's without one.

        Every HTTP status is a response; `raise_for_status` refuses those that are no document.

        Raises:
            ConfigError: no path is given, and the first route has parameters.
            ReadModelError: the stack does not exist, or its API does not answer.
        """
        outputs = self._own_outputs(on_progress)
        url = self._url(outputs, path) if path else self._required(outputs, "SamplesUrl")
        if path is None and "{" in url:
            raise ConfigError("the first route has parameters", where="read", hint="give a PATH")
        on_progress(Step(f"Waiting for {url}"))
        return request(url)

    def serving(
        self,
        documents: str | Path = "data",
        *,
        s3_endpoint: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        on_progress: OnProgress = ignore,
    ) -> AbstractContextManager[str]:
        """Serve the API on this machine while a `with` block runs; it yields the API's URL.

        No AWS is needed. The arguments are those of `readmodel_cfn.local.serve.serving`.

        Raises:
            ConfigError: the folder of documents does not exist.
            ReadModelError: the port is in use.
        """
        from readmodel_cfn.local.serve import serving

        return serving(
            self.serve_source(),
            documents,
            s3_endpoint=s3_endpoint,
            host=host,
            port=port,
            on_progress=on_progress,
        )

    def serve_source(self) -> "Source":
        """What `serve` serves: the template, the parameters' values, how documents are stored."""
        import json

        from readmodel_cfn.local.serve import Source, Storage
        from readmodel_cfn.publish.publish import Settings, check_document
        from readmodel_cfn.publish.selection import Selection
        from readmodel_cfn.template.article import build_article
        from readmodel_cfn.template.render import build_template, render

        model, prefix = self.model, self.config.stack.prefix
        template = build_article() if self.article else build_template(model, prefix)
        settings = Settings(model.data_store.cache_control, model.data_store.gzip_stored)
        selection = Selection(model.routes, self.config.publish.exclude)
        storage = Storage(
            headers={name.lower(): value for name, value in settings.attributes.items()},
            encode=settings.stored,
            publishes=selection.publishes,
            check=lambda document, file: check_document(document, file, settings),
        )
        values = {"StackName": self.name, "AWS::StackName": self.name}
        return Source(json.loads(render(template, "compact")), values, storage=storage)

    def _own_outputs(self, on_progress: OnProgress = ignore) -> dict[str, str]:
        """This read model's outputs, without its prefix."""
        prefix, outputs = self.config.stack.prefix, self.outputs(on_progress)
        own = (name for name in outputs if name.startswith(prefix))
        return {name.removeprefix(prefix): outputs[name] for name in own}

    def _url(self, outputs: Mapping[str, str], path: str) -> str:
        api = outputs.get("ApiUrl")
        if api is None:  # the article's stack has the URL of its one route only
            api = self._required(outputs, "SamplesUrl").removesuffix("/samples")
        return f"{api}/{path.lstrip('/')}" if path else api

    def _required(self, outputs: Mapping[str, str], name: str) -> str:
        if name not in outputs:
            what = f"it has no output {self.config.stack.prefix}{name}"
            hint = "choose a read model's stack with --stack-name, or set prefix under [stack]"
            raise ReadModelError(what, where=str(self.location), hint=hint)
        return outputs[name]


def _connected(given: Connection, on_progress: OnProgress) -> Connection:
    # boto3 reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION.
    region = given.region or (None if given.session else os.environ.get("AWS_REGION"))
    if given.sandbox:
        from readmodel_cfn.local import sandbox

        box = sandbox.start(on_progress=on_progress)
        key = Credentials(box.access_key_id, box.secret_access_key)
        return Connection(region or box.region, None, box.endpoint_url, key, sandbox=True)
    endpoint_url = given.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint_url:
        _check_endpoint(endpoint_url)
    return replace(given, region=region, endpoint_url=endpoint_url)


def _check_endpoint(url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number or too large, or half an IPv6 address
        valid = False
    if not valid:
        hint = "allowed: an http or https URL, such as http://127.0.0.1:4566"
        raise ConfigError(f"{url!r} is not allowed", where="--endpoint-url", hint=hint)
