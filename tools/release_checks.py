"""Checks of `make dist` in an environment that has the wheel and nothing of this directory."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readmodel_cfn import __version__
from readmodel_cfn.local.sandbox import stop

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
CLIENT, REFUSED = "client.py", "refused.py"
DOCUMENT = {"id": 42}
# What the generator needs: cfn_flip and six are imported by troposphere.
GENERATOR_ONLY = ("troposphere", "awacs", "cfn_flip", "six", "PyYAML")
GENERATE = """
from readmodel_cfn import ReadModel, build_article, build_template, render
template = build_template(ReadModel())
texts = {
    "article.json": render(build_article()),
    "read-model.json": render(template),
    "read-model.yaml": render(template, "yaml"),
}
import json
print(json.dumps(texts))
"""
Diagnostic = tuple[str, int, str]
"""An error of a type checker: file, line, message."""


class CheckFailed(Exception):
    """A check failed; the text says what is wrong."""


def fail_if_any(problems: Iterable[str]) -> None:
    """Raise CheckFailed with all problems, if there are any."""
    if lines := list(problems):
        raise CheckFailed("\n".join(lines))


def run(
    command: Sequence[str | Path],
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    allowed: Sequence[int] = (0,),
) -> str:
    """What a command prints to stdout.

    Raises:
        CheckFailed: its exit code is not among the allowed ones.
    """
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode not in allowed:
        line = shlex.join(map(str, command))
        raise CheckFailed(f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment, a working directory, and a home for a sandbox."""

    venv: Path
    folder: Path
    home: Path

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment prints; a warning of Python is an error."""
        return run([self.venv / "bin" / program, *arguments], self.folder, self.variables)

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables, without those that point Python to other environments."""
        other = ("PYTHON", "MYPY", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(other)}
        return {
            **kept,
            "READMODEL_CFN_HOME": str(self.home),
            "PYTHONWARNINGS": "error",
            "VIRTUAL_ENV": str(self.venv),
            "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }

    @property
    def packages(self) -> Path:
        """The directory site-packages."""
        (found,) = self.venv.glob("lib/*/site-packages")
        return found

    def mebibytes(self) -> int:
        """Size of the virtual environment."""
        sizes = (file.lstat().st_size for file in self.venv.rglob("*") if file.is_file())
        return round(sum(sizes) / 2**20)


@contextmanager
def installed(interpreter: Path, pip_arguments: Sequence[str | Path]) -> Iterator[Environment]:
    """A new environment; it is removed at the end, and its sandbox is stopped."""
    with tempfile.TemporaryDirectory(prefix="readmodel-cfn-") as name:
        root = Path(name)
        environment = Environment(root / "venv", root / "folder", root / "home")
        environment.folder.mkdir()
        run([interpreter, "-I", "-m", "venv", environment.venv])
        python = environment.venv / "bin" / "python"
        run([python, "-I", "-m", "pip", "install", *pip_arguments])
        try:
            yield environment
        finally:
            stop(home=environment.home)


def check_offline(environment: Environment) -> None:
    """Commands and programs that need no AWS."""
    (environment.folder / "readmodel.toml").write_text(readme_block("toml", "[stack]"))
    expect_equal(environment.run("readmodel-cfn", "--version").split()[-1], __version__)
    template = json.loads(environment.run("readmodel-cfn", "template"))
    expect_equal("ProductsResource" in template["Resources"], True)
    environment.run("readmodel-cfn", "lint")
    environment.run("readmodel-cfn", "audit")
    article = environment.run("python", "-m", "readmodel_cfn", "template", "--article")
    expect_equal(article, (TEMPLATES / "article.json").read_text())
    template = json.loads(environment.run("python", "-c", readme_block("python", "Template()")))
    expect_equal("ShopBucketArn" in template["Outputs"], True)
    environment.run("python", str(ROOT / "tests" / "client" / CLIENT))


def check_tour(environment: Environment) -> None:
    """README.md's commands and its program, on the embedded AWS, which is stopped at the end."""
    (environment.folder / "42.json").write_text(json.dumps(DOCUMENT))
    printed = ""
    for line in readme_block("sh", "readmodel-cfn deploy").splitlines():
        program, *arguments = shlex.split(line)
        answer = ["--yes"] if arguments[0] == "deploy" else []
        printed = environment.run(program, *arguments, *answer)
    expect_equal(json.loads(printed), DOCUMENT)  # the last command reads the document
    printed = environment.run("python", "-c", readme_block("python", "ReadModelStack("))
    expect_equal(printed.splitlines()[-1], str(DOCUMENT))
    environment.run("readmodel-cfn", "delete", "--sandbox", "--yes", "--with-data=shop")
    environment.run("readmodel-cfn", "sandbox", "stop")
    expect_equal((environment.home / "sandbox.json").exists(), False)


def check_generator(interpreter: Path, wheel: Path) -> int:
    """The generator with only the packages that it needs; the size of the environment in MiB."""
    with installed(interpreter, ["--no-deps", wheel, *GENERATOR_ONLY]) as environment:
        for name, text in json.loads(environment.run("python", "-c", GENERATE)).items():
            expect_equal(text, (TEMPLATES / name).read_text(encoding="utf-8"))
        return environment.mebibytes()


def readme_block(language: str, content: str) -> str:
    """The one code block of README.md in a language that contains a text."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\b.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    matches = [block for block in blocks if content in block]
    if len(matches) != 1:
        raise CheckFailed(f"README.md: {len(matches)} {language} blocks contain {content!r}, not 1")
    return str(matches[0])


def expect_equal(found: object, expected: object) -> None:
    """Raise CheckFailed if two values differ."""
    if found != expected:
        raise CheckFailed(f"expected {expected!r}\nfound    {found!r}")


def check_types(environment: Environment) -> None:
    """mypy and pyright, both strict, as a user of the wheel runs them.

    They must accept tests/client/client.py and reject each line of refused.py that ends with
    `# refused`. Every public name must have a known type. troposphere does not declare its types:
    mypy can read its source if asked to, so client.py is checked both ways.
    """
    for name in (CLIENT, REFUSED):
        shutil.copy(ROOT / "tests" / "client" / name, environment.folder)
    fail_if_any(type_problems(environment))


def type_problems(environment: Environment) -> Iterator[str]:
    """Errors in correct code, and wrong code that has none."""
    text = (environment.folder / REFUSED).read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(text, 1) if line.endswith("# refused")}
    both = mypy(environment, "--follow-untyped-imports", CLIENT, REFUSED)
    yield from unexpected("mypy", both, wrong)
    alone = mypy(environment, "--disable-error-code=import-untyped", CLIENT)
    yield from unexpected("mypy without troposphere", alone, set())
    yield from unexpected("pyright", pyright(environment, CLIENT, REFUSED), wrong)
    yield from unknown_types(environment)


def unexpected(checker: str, errors: Iterable[Diagnostic], wrong: set[int]) -> Iterator[str]:
    """Errors outside the wrong lines of refused.py, and wrong lines without an error."""
    rejected = set()
    for file, line, message in errors:
        if file == REFUSED and line in wrong:
            rejected.add(line)
        else:
            yield f"{checker}: {file}:{line}: {message}"
    for line in sorted(wrong - rejected):
        yield f"{checker}: {REFUSED}:{line} has no error"


def mypy(environment: Environment, option: str, *files: str) -> list[Diagnostic]:
    """Errors of mypy."""
    python = f"--python-executable={environment.venv / 'bin' / 'python'}"
    options = ["--config-file=", "--strict", option, python, "--output=json", "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", *options, *files]
    printed = run(command, environment.folder, environment.variables, allowed=(0, 1))
    found = (json.loads(line) for line in printed.splitlines())
    return [(e["file"], e["line"], e["message"]) for e in found if e["severity"] == "error"]


def pyright(environment: Environment, *files: str) -> list[Diagnostic]:
    """Errors of pyright."""
    found = pyright_output(environment, *files)["generalDiagnostics"]
    return [
        (Path(e["file"]).name, e["range"]["start"]["line"] + 1, e["message"])
        for e in found
        if e["severity"] == "error"
    ]


def unknown_types(environment: Environment) -> Iterator[str]:
    """Names without a known type in the modules that client.py imports.

    troposphere counts as typed here: the names of the package are meant, not those of troposphere.
    """
    (environment.packages / "troposphere" / "py.typed").touch()
    report = pyright_output(environment, "--verifytypes=readmodel_cfn", "--ignoreexternal")
    modules = set(imports((environment.folder / CLIENT).read_text(encoding="utf-8")))
    for symbol in report["typeCompleteness"]["symbols"]:
        known = symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
        if not known and symbol["name"].rpartition(".")[0] in modules:
            yield f"{symbol['name']}: its type is unknown or inferred; annotate it"


def pyright_output(environment: Environment, *arguments: str) -> Any:
    """The JSON that pyright prints."""
    command = [sys.executable, "-m", "pyright", "--outputjson", *arguments]
    return json.loads(run(command, environment.folder, environment.variables, allowed=(0, 1)))


def imports(program: str) -> Iterator[str]:
    """Modules that a program imports, and names in them, which can be modules too."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
