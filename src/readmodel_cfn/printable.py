"""Text of other people for a terminal: keys, file names and messages of AWS.

A key may have line breaks, and escape sequences that change a terminal's colours, title or
clipboard, or that hide what is printed before.
"""


def shortened(text: str, longest: int = 80) -> str:
    """The text, or its beginning and three dots if it is longer."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def shown(value: object) -> str:
    """A value as Python writes it, shortened."""
    try:
        return shortened(repr(value))
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of too many digits"


def printable(text: str) -> str:
    r"""The text, with escapes such as \n and \x1b instead of characters that are not printable."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def printable_lines(text: str) -> str:
    """The same, with the line breaks that the text has."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def one_line(text: str) -> str:
    """The same, with spaces instead of line breaks."""
    return printable(" ".join(text.splitlines()))
