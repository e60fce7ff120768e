"""The example of a typed client: its types, what they refuse, and a read with them."""

import shutil
from pathlib import Path

import pytest
from example_tools import Example, copied

from readmodel_cfn.local.sandbox import Sandbox

pytestmark = [
    pytest.mark.examples,
    pytest.mark.skipif(not shutil.which("npm"), reason="npm, which comes with node, is missing"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """The example's tools, and the types of its API."""
    made = copied("typed-client", tmp_path_factory.mktemp("installed"), [], sandbox)
    made.run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
    describe(made)
    return made.folder


@pytest.fixture
def example(tmp_path: Path, sandbox: Sandbox, installed: Path) -> Example:
    made = copied("typed-client", tmp_path, [], sandbox)
    for name in ("openapi.json", "api.d.ts"):
        shutil.copy(installed / name, made.folder)
    (made.folder / "node_modules").symlink_to(installed / "node_modules")
    return made


def describe(example: Example, *options: str) -> None:
    document = example.run("readmodel-cfn", "openapi", *options).stdout
    (example.folder / "openapi.json").write_text(document)
    example.run("npm", "run", "generate")


def test_a_read_has_the_type_of_its_schema_without_a_cast(example: Example) -> None:
    client = (example.folder / "client.ts").read_text()
    assert not {"as", "any", "unknown", "!;"} & set(client.split())
    example.run("npm", "run", "check")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("product.name", "product.nam"),
        ("price.amount.toFixed", "price.amount.toUpperCase"),
        ("${product.name}", "${product.since.length}"),
        ('"/products/{id}"', '"/product/{id}"'),
        ('{ id: "42" }', '{ key: "42" }'),
    ],
)
def test_a_wrong_use_does_not_pass_the_check(example: Example, right: str, wrong: str) -> None:
    client = example.folder / "client.ts"
    text = client.read_text()
    assert text.count(right) == 1
    client.write_text(text.replace(right, wrong))
    assert "client.ts" in example.run("npm", "run", "check", exits=2).stdout


def test_the_types_follow_the_schema(example: Example) -> None:
    schema = example.folder / "product.schema.json"
    schema.write_text(schema.read_text().replace('"name"', '"title"'))
    describe(example)
    assert "name" in example.run("npm", "run", "check", exits=2).stdout


def test_the_client_reads_a_document_of_the_deployed_stack(example: Example) -> None:
    ours = ("readmodel-cfn",)
    example.run(*ours, "deploy", "--yes")
    try:
        example.run(*ours, "publish", "42.json", "--key", "products/42.json")
        describe(example, "--deployed")
        printed = example.run("npm", "start", "--silent").stdout
    finally:
        example.run(*ours, "delete", "--yes", "--with-data=typed-shop")
    assert printed == "Lamp: 19.50 EUR\n"


def test_an_invalid_document_is_not_published(example: Example) -> None:
    (example.folder / "43.json").write_text('{"id": 43, "name": "Desk", "price": 5}')
    publish = ("publish", "43.json", "--key", "products/43.json", "--bucket", "b", "--dry-run")
    assert "/price" in example.run("readmodel-cfn", *publish, exits=2).stderr
