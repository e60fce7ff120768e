"""The read model or the environments that the options of a command select."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli.output import log
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.render import build_template

if TYPE_CHECKING:  # imported below when a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config import Config

ENV_VARIABLE = "READMODEL_CFN_ENV"


class SelectedModel:
    """The read model that --config, --example or --article selects: by default ./readmodel.toml.

    --env, or READMODEL_CFN_ENV, selects an environment of the file; the example and the article's
    template have none.
    """

    def __init__(
        self, config_file: Path | None, env: str | None, example: bool, article: bool
    ) -> None:
        given = {"--config": config_file, "--env": env, "--example": example, "--article": article}
        self._given = [option for option, value in given.items() if value]
        if len(self._given) > 1 and self._given != ["--config", "--env"]:
            *_, first, second = self._given
            raise click.UsageError(f"{first} cannot be used with {second}.")
        self._file, self._env = config_file, env
        self._said = False
        self.article = article

    @property
    def file(self) -> Path:
        """The configuration file."""
        from readmodel_cfn.config.values import DEFAULT_FILE

        return self._file or DEFAULT_FILE

    @property
    def given(self) -> str | None:
        """The option that was given."""
        return next(iter(self._given), None)

    @property
    def file_in_use(self) -> Path | None:
        """The configuration file, if it exists and is selected."""
        selected = self.given in (None, "--config", "--env")
        return self.file if selected and self.file.exists() else None

    def load(self) -> "Config | None":
        """The selected configuration; None if there is no ./readmodel.toml and no option.

        Raises:
            ConfigError: the file cannot be read, a key or value in it is invalid, or it does not
                have the environment.
        """
        from readmodel_cfn.config.file import (
            article,
            example,
            has_default_file,
            load,
            no_default_file,
        )

        if self.article:
            return article()
        if self.given == "--example":
            return example()
        if self._file or has_default_file():
            return self._load(load)
        if self._env:
            raise no_default_file("--env requires the file")
        return None

    def _load(self, load: "Callable[[Path, str | None], Config]") -> "Config":
        """The file's configuration, or that of the environment.

        A variable that names no environment is named itself: it may have been set for another
        project, and the file alone does not explain the error.
        """
        from readmodel_cfn.config.environments import UnknownEnvironment

        variable = None if self._env else os.environ.get(ENV_VARIABLE)
        try:
            return load(self.file, self._env or variable or None)
        except UnknownEnvironment as error:
            if variable:
                error.where = f"{ENV_VARIABLE}: {error.where}"
            raise

    def load_environments(self) -> "Mapping[str, Config]":
        """Every environment of the file, by name, in the file's order.

        Raises:
            UsageError: an option selects something else than all of them.
            ConfigError: there is no file, it is invalid, or it has no environments.
        """
        from readmodel_cfn.config.file import has_default_file, load_environments, no_default_file

        if self.given not in (None, "--config") or self._env:
            raise click.UsageError(f"--all cannot be used with {self._given[-1]}.")
        if not self._file and not has_default_file():
            raise no_default_file("--all requires the file")
        found = load_environments(self.file)
        if not found:
            hint = "add tables such as [env.production.stack], or omit --all"
            raise ConfigError("has no environments", where=str(self.file), hint=hint)
        return found

    def load_or_example(self) -> "Config":
        """The same; without a file the built-in example, which is said once on stderr."""
        from readmodel_cfn.config.file import example, working_directory
        from readmodel_cfn.config.values import DEFAULT_FILE

        found = self.load()
        if found is None and not self._said:
            self._said = True
            log(
                f"{DEFAULT_FILE} not found in {working_directory()}: this is the built-in example. "
                "To write one, run: readmodel-cfn init"
            )
        return found or example()

    def template(self) -> "Template":
        """The template of the selected read model."""
        if self.article:
            from readmodel_cfn.template.article import build_article

            return build_article()
        config = self.load_or_example()
        return build_template(config.model, config.stack.prefix)
