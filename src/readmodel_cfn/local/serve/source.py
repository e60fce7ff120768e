"""The template to serve, the values of its parameters, and how its documents are stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from readmodel_cfn.cloudformation.reader import (
    TemplateSource,
    locate,
    position,
    read_template,
    template_content,
    template_text,
)


@dataclass(frozen=True)
class Storage:
    """How documents are published, so that a folder answers as S3 does after publishing.

    `headers` are those that S3 stores and returns, in lower case. `encode` returns the bytes to
    store, for example compressed. `publishes` is whether a key is published: other files are
    missing. `check` raises a ConfigError for a document that publishing would reject; its arguments
    are the document and its file.
    """

    headers: Mapping[str, str] = field(default_factory=lambda: {"cache-control": "no-cache"})
    encode: Callable[[bytes], bytes] = lambda document: document
    publishes: Callable[[str], bool] = lambda _: True
    check: Callable[[bytes, str], None] = lambda *_: None


@dataclass(frozen=True)
class Source:
    """A template with a REST API in front of S3.

    `parameters` has values of parameters, pseudo parameters (`AWS::Region`) and resources (the name
    of the bucket `Store`). `stage` is the stage to serve, by default the template's
    first. `name` is the template's name in messages. With its `text`, messages have the line.
    """

    template: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    storage: Storage = field(default_factory=Storage)
    name: str = "template"
    text: str = ""

    @classmethod
    def of(cls, template: "Source | TemplateSource") -> Self:
        """The source of a template: its text, a file, a mapping, or an object with `to_dict`.

        Raises:
            ConfigError: the file cannot be read, or is not a template.
            TypeError: `template` has another type.
        """
        if isinstance(template, cls):
            return template
        if isinstance(template, str | Path):
            name = str(template) if isinstance(template, Path) else "template"
            text = template_text(template)
            return cls(read_template(text, name), name=name, text=text)
        return cls(template_content(template))  # type: ignore[arg-type]  # it is not a Source

    def with_options(
        self, parameters: Mapping[str, str] | None = None, stage: str | None = None
    ) -> Self:
        """A copy with more parameter values, and with another stage if given."""
        values = {**self.parameters, **(parameters or {})}
        return replace(self, parameters=values, stage=stage or self.stage)

    def where(self, path: tuple[str | int, ...]) -> str:
        """The place of a part, for messages: `template.yaml:12: Resources.Get`."""
        for end in range(len(path), 0, -1):
            if self.text and position(self.text, path[:end]):
                return locate(self.text, self.name, path[:end])
        return f"{self.name}: {'.'.join(map(str, path))}" if path else self.name
