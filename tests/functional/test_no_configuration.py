"""Without a readmodel.toml: what needs the read model is refused before AWS is called."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_tree import LEAVES, NEED_A_NAME, NEED_THE_MODEL, NEEDED, options_of
from functional_aws import CONTENT, EXAMPLE, OUTPUTS, Aws, error_of, run, stubbed

from readmodel_cfn import ReadModel, ReadModelError, ReadModelStack, build_template
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local import sandbox
from readmodel_cfn.template.article import build_article

TAKE_A_TEMPLATE = ["lint", "audit", "graph", "openapi", "policy"]
SHOW_THE_EXAMPLE = ["template", *TAKE_A_TEMPLATE, "estimate"]
PLACES = [[], ["--sandbox"], ["--region", "eu-west-1"], ["--endpoint-url", "http://127.0.0.1:1"]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    """An empty folder; no sandbox is started, and a call without a response fails."""

    def start(**_: Any) -> None:
        raise AssertionError("the sandbox was started")

    monkeypatch.setattr(sandbox, "start", start)
    monkeypatch.chdir(tmp_path)
    Path("payload.json").write_text("{}")
    with stubbed(monkeypatch) as made:
        yield made


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
@pytest.mark.parametrize("name", [[], ["--stack-name", "shop"]], ids=" ".join)
@pytest.mark.parametrize("command", NEED_THE_MODEL)
def test_a_command_that_needs_the_model_is_refused_in_one_line(
    aws: Aws, command: str, name: list[str], place: list[str]
) -> None:
    done = run(command, *NEED_THE_MODEL[command], *name, *place)
    line = error_of(done, 2)
    assert done.output.splitlines() == [f"Error: {line}"]
    for fact in ("readmodel.toml", str(Path.cwd()), "readmodel-cfn init", "--example", "--article"):
        assert fact in line
    assert not aws.connections


@pytest.mark.parametrize("more", [["--bucket", "b"], ["--dry-run"], ["--as-writer"]], ids=" ".join)
def test_publish_to_any_bucket_needs_the_model(aws: Aws, more: list[str]) -> None:
    assert "init" in error_of(run("publish", "payload.json", *more), 2)
    assert not aws.connections


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
@pytest.mark.parametrize("command", NEED_A_NAME)
def test_other_commands_need_the_name_of_a_stack(aws: Aws, command: str, place: list[str]) -> None:
    line = error_of(run(command, *NEED_A_NAME[command], *place), 2)
    for fact in ("readmodel.toml", "--stack-name", "readmodel-cfn init"):
        assert fact in line
    assert not aws.connections


@pytest.mark.parametrize("command", NEED_A_NAME)
def test_the_name_is_enough_for_them(aws: Aws, command: str) -> None:
    aws.no_stack()
    done = run(
        command, *NEED_A_NAME[command], "--stack-name", "read-model", "--region", "eu-west-1"
    )
    assert done.exit_code in (0, 1), done.output
    assert aws.calls == ["DescribeStacks"]


def test_every_command_about_a_stack_is_one_of_these() -> None:
    named = {words for words in LEAVES if "--stack-name" in options_of(LEAVES[words])}
    about = named - {"init", "policy", "openapi"}  # only `openapi --deployed` is about a stack
    assert about == {*NEED_THE_MODEL, *NEED_A_NAME}
    with_model = {words for words in LEAVES if "--config" in options_of(LEAVES[words])}
    assert with_model == about | {*SHOW_THE_EXAMPLE, "serve"}
    for words in with_model:
        assert {"--example", "--article"} <= options_of(LEAVES[words])


@pytest.mark.parametrize(
    "both",
    [["--example", "--article"], ["--example", "--config", "a"], ["--article", "--config", "a"]],
    ids=" ".join,
)
@pytest.mark.parametrize("command", ["deploy", "status", "template", "serve"])
def test_config_example_and_article_exclude_each_other(
    aws: Aws, command: str, both: list[str]
) -> None:
    Path("a").write_text(EXAMPLE)
    error_of(run(command, *both), 2)
    assert not aws.connections


@pytest.mark.parametrize("command", SHOW_THE_EXAMPLE)
@pytest.mark.usefixtures("aws")
def test_a_command_without_aws_shows_the_example_and_says_so(command: str) -> None:
    words = [command, *NEEDED.get(command, [])]
    done, named = run(*words), run(*words, "--example")
    assert done.stdout == named.stdout
    lines = [line for line in done.stderr.splitlines() if line not in named.stderr.splitlines()]
    facts = ("readmodel.toml", str(Path.cwd()), "example", "readmodel-cfn init")
    assert len([line for line in lines if all(fact in line for fact in facts)]) == 1


@pytest.mark.parametrize("command", SHOW_THE_EXAMPLE)
@pytest.mark.usefixtures("aws")
def test_with_a_file_nothing_is_said_of_the_example(command: str) -> None:
    Path("readmodel.toml").write_text(EXAMPLE)
    assert "example" not in run(command, *NEEDED.get(command, [])).stderr


@pytest.mark.parametrize("command", TAKE_A_TEMPLATE)
@pytest.mark.usefixtures("aws")
def test_with_a_template_nothing_is_said_of_the_example(command: str) -> None:
    Path("t.json").write_text(json.dumps(CONTENT))
    assert "example" not in run(command, "t.json").stderr


@pytest.mark.parametrize("option", ["--example", "--article"])
def test_a_named_model_ignores_readmodel_toml(aws: Aws, option: str) -> None:
    Path("readmodel.toml").write_text('[stack]\nname = "shop"\nregion = "eu-north-1"\n')
    aws.refuses("cloudformation", "describe_stacks", "ValidationError", "does not exist")
    line = error_of(run("status", option, "--region", "us-east-1"), 1)
    assert "shop" not in line
    assert f"deploy {option} --stack-name " in line, "the command in the hint has the option"


def test_an_example_and_an_article_do_not_share_a_stack(aws: Aws) -> None:
    names = []
    for option in ("--example", "--article"):
        aws.refuses("cloudformation", "describe_stacks", "ValidationError", "does not exist")
        line = error_of(run("status", option, "--region", "us-east-1"), 1)
        names.append(line.split()[1])
    assert len({*names, "read-model"}) == 3


def test_hints_repeat_the_config_option(aws: Aws) -> None:
    Path("production.toml").write_text(EXAMPLE)
    aws.no_stack()
    line = error_of(run("status", "--config", "production.toml", "--region", "eu-west-1"), 1)
    assert "readmodel-cfn deploy --config production.toml --stack-name read-model" in line


def test_status_without_a_model_compares_it_with_nothing(aws: Aws) -> None:
    for arguments, differs in ((["--stack-name", "read-model"], False), (["--example"], True)):
        aws.stack()
        aws.resources()
        aws.template(build_template(ReadModel(), "Other").to_dict())
        aws.events()
        done = run("status", *arguments, "--region", "eu-west-1", "--stack-name", "read-model")
        assert ("differs" in done.stderr) is differs


@pytest.mark.usefixtures("aws")
def test_a_broken_symbolic_link_is_no_missing_file() -> None:
    Path("readmodel.toml").symlink_to("nowhere")
    for command in ("status", "template"):
        assert error_of(run(command), 2).startswith("readmodel.toml: cannot be read")


# The same from Python.


def _calls_that_need_the_model(shop: ReadModelStack) -> dict[str, Any]:
    return {
        "deploy": shop.deploy,
        "diff": shop.diff,
        "publish": lambda: shop.publish({"payload.json": {}}),
        "publish to a bucket": lambda: shop.publish({"payload.json": {}}, bucket="b"),
        "publish_document": lambda: shop.publish_document("payload.json", {}),
        "publish_file": lambda: shop.publish_file("payload.json"),
        "plan_file": lambda: shop.plan_file("payload.json"),
        "documents": shop.documents,
        "documents of a bucket": lambda: shop.documents(bucket="b"),
        "unpublish": lambda: shop.unpublish("payload.json"),
        "unpublish from a bucket": lambda: shop.unpublish("payload.json", bucket="b"),
        "restore": lambda: shop.restore("payload.json", "version"),
        "read": lambda: shop.read("samples"),
        "verify": shop.verify,
        "race": shop.race,
        "template": shop.template,
        "model": lambda: shop.model,
        "serving": lambda: shop.serving("."),
        "serve_source": shop.serve_source,
    }


@pytest.mark.parametrize("is_sandbox", [True, False])
@pytest.mark.parametrize("name", _calls_that_need_the_model(ReadModelStack("shop")))
def test_a_stack_that_is_only_a_name_deploys_no_example(
    aws: Aws, name: str, is_sandbox: bool
) -> None:
    shop = ReadModelStack("shop", sandbox=is_sandbox)
    with pytest.raises(ConfigError) as raised:
        _calls_that_need_the_model(shop)[name]()
    assert raised.value.exit_code == 2
    assert not aws.connections


def test_a_stack_that_is_only_a_name_can_be_looked_at(aws: Aws) -> None:
    shop = ReadModelStack("read-model", region="eu-west-1")
    calls: list[Any] = [shop.status, shop.outputs, shop.url, shop.bucket, shop.diagnose]
    calls += [shop.follow, shop.route_urls, shop.delete, lambda: shop.history("payload.json")]
    for call in calls:
        aws.no_stack()
        with pytest.raises(ReadModelError) as raised:
            call()
        assert not isinstance(raised.value, ConfigError)


def test_the_example_is_a_model_that_is_named(aws: Aws) -> None:
    aws.stack()
    shop = ReadModelStack("read-model", ReadModel(), region="eu-west-1")
    assert shop.route_urls() == {"samples": OUTPUTS["SamplesUrl"]}
    article = ReadModelStack("read-model", region="us-east-1", article=True)
    assert json.loads(article.template()) == build_article().to_dict()
