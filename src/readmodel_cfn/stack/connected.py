"""The stack's name, model, connection and outputs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from readmodel_cfn.aws.connection import Connection, Credentials, check_endpoint_url
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.config.file import load
from readmodel_cfn.config.values import DEFAULT_FILE, Config, Publish, StackSettings
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import OnProgress, ignore
from readmodel_cfn.template.model import ReadModel

if TYPE_CHECKING:
    import boto3

    from readmodel_cfn.deploy.client import StackClient
    from readmodel_cfn.deploy.values import Output, Stack
    from readmodel_cfn.publish.destination import Destination
    from readmodel_cfn.publish.documents import Settings


class ConnectedStack:
    """A read model and its stack, which every other method needs."""

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
        account: str | None = None,
        prefix: str = "",
        article: bool = False,
    ) -> None:
        settings = StackSettings(
            name=name,
            region=region,
            tags=dict(tags or {}),
            termination_protection=termination_protection,
            role_arn=role_arn,
            account=account,
            prefix=prefix,
        )
        self._set(
            Config(settings, model or ReadModel()),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
            has_model=article or model is not None,
        )

    @classmethod
    def from_config(
        cls,
        config: str | Path | Config = DEFAULT_FILE,
        *,
        env: str | None = None,
        name: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        sandbox: bool = False,
        article: bool = False,
    ) -> Self:
        """The stack that a readmodel.toml describes; these arguments override its values.

        `env` is the environment of the file. If the file has environments and none is chosen, the
        methods that call AWS raise ConfigError before they do.

        Raises:
            ConfigError: the file cannot be read, has a value that AWS would refuse, or does not
                have the environment; or the name and region are those of another environment.
        """
        if not isinstance(config, Config):
            config = load(Path(config), env)
        elif env is not None:
            config = config.environment(env)
        settings = config.stack if name is None else replace(config.stack, name=name)
        stack = cls.__new__(cls)
        region = region or settings.region
        config.check_own_stack(settings.name, region)
        stack._set(
            replace(config, stack=settings),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
        )
        return stack

    def _set(
        self, config: Config, connection: Connection, article: bool, *, has_model: bool = True
    ) -> None:
        if connection.session and (connection.profile or connection.sandbox):
            hint = "a session has its own profile and account"
            raise ConfigError("excludes profile and sandbox", where="session", hint=hint)
        self.config: Config = config
        self.article: bool = article
        self._has_model: bool = has_model
        self._requested: Connection = replace(
            connection, allowed_account=config.stack.account, env=config.env
        )
        self._connection: Connection | None = None

    def __repr__(self) -> str:
        return f"ReadModelStack({self.name!r})"

    @property
    def name(self) -> str:
        """Name of the stack."""
        return self.config.stack.name

    @property
    def model(self) -> ReadModel:
        """The read model; for the article's stack, the default one.

        Raises:
            ConfigError: there is none: only the stack's name was given.
        """
        self._require_model()
        return ReadModel() if self.article else self.config.model

    def _require_model(self) -> None:
        """Check that there is a read model; called before AWS is.

        Raises:
            ConfigError: only the stack's name was given.
        """
        if not self._has_model:
            hint = "pass one, such as ReadModel(routes=[...]), or use ReadModelStack.from_config"
            raise ConfigError("has no read model", where=repr(self), hint=hint)

    @readable_errors()
    def connect(self, on_progress: OnProgress = ignore) -> Connection:
        """The connection of all methods; starts the sandbox if it is used.

        Raises:
            ConfigError: the endpoint URL is not an http or https URL, or readmodel.toml has
                environments and none is chosen.
            SandboxError: the sandbox cannot be installed or started.
        """
        if self._connection is None:
            self.config.require_stack()
            self._connection = _connected(self._requested, on_progress)
        return self._connection

    @property
    def connection(self) -> Connection:
        """The connection of all methods, as `connect` returns it."""
        return self.connect()

    @cached_property
    def location(self) -> StackLocation:
        """The stack's name and connection, for messages and command lines."""
        return StackLocation(self.name, self.connection, command_options=self._command_options)

    @property
    def _command_options(self) -> tuple[str, ...]:
        """The options of the command line that select the model, for messages."""
        return ("--article",) if self.article else self.config.command_options

    @cached_property
    def _client(self) -> "StackClient":
        from readmodel_cfn.deploy.client import StackClient

        return StackClient(self.connection.client("cloudformation"))

    def template(self) -> str:
        """The template of the stack, as compact JSON."""
        from readmodel_cfn.template.article import build_article
        from readmodel_cfn.template.render import build_template, render

        prefix = self.config.stack.prefix
        template = build_article() if self.article else build_template(self.model, prefix)
        return render(template, "compact")

    @readable_errors()
    def outputs(
        self, on_progress: OnProgress = ignore, *, show_secrets: bool = True
    ) -> dict[str, str]:
        """The deployed stack's outputs, with URLs that this machine can reach.

        The outputs of the article's stack include the writer's secret access key; without
        `show_secrets` its value is `****`.

        Raises:
            ReadModelError: the stack does not exist.
        """
        found = self.described_outputs(on_progress, show_secrets=show_secrets)
        return {output.name: output.value for output in found}

    @readable_errors()
    def described_outputs(
        self, on_progress: OnProgress = ignore, *, show_secrets: bool = True
    ) -> "list[Output]":
        """The deployed stack's outputs, with their descriptions."""
        from readmodel_cfn.deploy.values import stack_outputs

        stack = self._described(on_progress)
        return stack_outputs(stack, self.connection.emulator_url, show_secrets=show_secrets)

    @readable_errors()
    def url(self, path: str = "", on_progress: OnProgress = ignore) -> str:
        """The URL at which a path is read, such as products/42 (default: the base URL).

        It is that of the distribution if there is one, otherwise of the API.

        Raises:
            ReadModelError: the stack does not exist, or has no API.
        """
        return self._own_outputs(on_progress).url(path)

    @readable_errors()
    def route_urls(self, on_progress: OnProgress = ignore) -> dict[str, str]:
        """The URL of each route of the deployed API, by its path; parameters stay in braces.

        Without a model the routes are those of the deployed template. The result is empty if no
        output of the stack has the API's URL.

        Raises:
            ReadModelError: the stack does not exist.
        """
        stack = self._described(on_progress)
        if not stack.outputs:
            return {}
        outputs = self._own_outputs(stack=stack)
        if self._has_model:
            return outputs.route_urls(self.model.routes)
        from readmodel_cfn.analysis.routes import route_paths

        apis = outputs.api_urls()
        template = self._client.template(stack.id) if apis else {}
        return {
            path: f"{url}/{path}"
            for name, url in apis.items()
            for path in route_paths(template, name)
        }

    @readable_errors()
    def bucket(self, on_progress: OnProgress = ignore) -> str:
        """Name of the deployed stack's bucket.

        Raises:
            ReadModelError: the stack does not exist, or has no such output.
        """
        return self._own_outputs(on_progress).required("S3BucketName")

    def _described(self, on_progress: OnProgress = ignore) -> "Stack":
        """The deployed stack.

        Raises:
            ReadModelError: it does not exist.
        """
        from readmodel_cfn.deploy.inspection import existing_stack

        return existing_stack(self._client, self._locate(on_progress), on_progress)

    def _locate(self, on_progress: OnProgress) -> StackLocation:
        """The location, after connecting."""
        self.connect(on_progress)
        return self.location

    def _own_outputs(
        self, on_progress: OnProgress = ignore, stack: "Stack | None" = None
    ) -> ModelOutputs:
        """This read model's outputs.

        Raises:
            ReadModelError: the stack does not exist, or its creation failed or is in progress.
        """
        return self._own(self._stack_outputs(stack or self._described(on_progress)))

    def _stack_outputs(self, stack: "Stack") -> dict[str, str]:
        """The outputs of the stack, with URLs that this machine can reach.

        Raises:
            ReadModelError: its creation failed or is in progress.
        """
        from readmodel_cfn.deploy.inspection import require_outputs
        from readmodel_cfn.deploy.values import stack_outputs

        require_outputs(stack, self.location)
        found = stack_outputs(stack, self.connection.emulator_url, show_secrets=True)
        return {output.name: output.value for output in found}

    def _own(self, outputs: Mapping[str, str]) -> ModelOutputs:
        """This read model's outputs among those of the stack."""
        return ModelOutputs.of(outputs, self.config.stack.prefix, self.location)

    @property
    def _settings(self) -> "Settings":
        """How the read model stores its documents."""
        from readmodel_cfn.publish.documents import Settings

        store = self.model.data_store
        return Settings(store.cache_control, store.gzip_stored, encrypted=bool(store.kms_key))

    def _excluded(self, exclude: Sequence[str]) -> tuple[str, ...]:
        """The patterns of the configuration and of the call, after checking them."""
        return Publish((*self.config.publish.exclude, *exclude)).exclude

    def _bucket_of(self, stack: "Stack") -> "Destination":
        """The bucket of a stack."""
        from readmodel_cfn.publish.destination import Destination

        bucket = self._own_outputs(stack=stack).required("S3BucketName")
        target = self.location.of_stack(stack.id).target
        return Destination.from_connection(self.connection, bucket, target)


def _connected(requested: Connection, on_progress: OnProgress) -> Connection:
    # boto3 reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION.
    region = requested.region or (None if requested.session else os.environ.get("AWS_REGION"))
    if requested.sandbox:  # which may have any account
        from readmodel_cfn.local import sandbox

        box = sandbox.start(on_progress=on_progress)
        key = Credentials(box.access_key_id, box.secret_access_key)
        place = (region or box.region, None, box.endpoint_url, key)
        return Connection(*place, sandbox=True, env=requested.env)
    if endpoint_url := requested.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"):
        check_endpoint_url(endpoint_url)
    return replace(requested, region=region)
