"""Lines that are longer than a terminal."""

import re

from readmodel_cfn.cli.fit import columns

COPIED = re.compile(r"(\w+://\S+|arn:aws\S+|(?:readmodel-cfn|aws) [a-z].*)[;,.:]?")


def too_long(text: str, width: int) -> list[str]:
    """The lines that are too long, except those with nothing but a URL, an ARN or a command."""
    lines = [line for line in text.splitlines() if columns(line) > width]
    return [line for line in lines if not COPIED.fullmatch(line.strip())]
