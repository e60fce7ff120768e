"""Text files: read, compare with generated text, and write without overwriting."""

from pathlib import Path

from readmodel_cfn.errors import ConfigError, ReadModelError, Stale


def read_text(path: Path, largest: int) -> str:
    """The text of a file of at most `largest` bytes.

    Raises:
        ConfigError: it cannot be read, is larger, or is not UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            body = file.read(largest + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(body) > largest:
        hint = "remove what is not needed, or split it"
        raise ConfigError(f"it has more than {largest:,} bytes", where=str(path), hint=hint)
    try:
        text = body.decode("utf-8-sig")  # Windows editors add a byte order mark
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8 text", where=str(path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_current(path: Path, text: str) -> None:
    """Check that a generated file has the text that would be generated now.

    Line endings are not compared: Git may change them.

    Raises:
        Stale: the file is missing or has another text.
    """
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        hint = "write it again: use --output instead of --check"
        raise Stale("does not match readmodel.toml", where=str(path), hint=hint)


def require_absent(path: Path) -> None:
    """Check that a file does not exist, not even as a broken symbolic link.

    Raises:
        ReadModelError: it exists.
    """
    if path.exists() or path.is_symlink():
        raise ReadModelError("already exists", where=str(path), hint="edit or move it")


def write_new(path: Path, text: str) -> None:
    """Write a new file; remove it again if writing fails.

    Raises:
        ReadModelError: it exists.
    """
    require_absent(path)
    try:
        with path.open("x", encoding="utf-8") as file:  # fails if it was created in the meantime
            file.write(text)
    except FileExistsError:
        require_absent(path)
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
