"""Properties of all accepted read models."""

import json
import re
import string
from dataclasses import replace
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st
from troposphere import Template
from troposphere import apigateway as ag

from readmodel_cfn import (
    Api,
    ReadModel,
    Route,
    add_read_model,
    build_article,
    build_template,
    deploy_api,
    render,
)
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import lint
from readmodel_cfn.template.deployment import fingerprint
from readmodel_cfn.template.sections.deployment import Deployment
from strategies import LAMBDA, deployments, examples, read_models, route_lists


def content_of(model: ReadModel) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(render(build_template(model)))
    return content


@examples(0.12)  # cfn-lint takes a second
@given(read_models)
def test_rendered_models_have_no_lint_findings(model: ReadModel) -> None:
    assert lint(render(build_template(model), "compact"), ["eu-west-1"]) == []


def test_readme_stacks_have_no_lint_findings() -> None:
    for template in (build_template(ReadModel()), build_article()):
        assert lint(render(template)) == []


@examples(0.2)
@given(read_models)
def test_json_yaml_and_compact_forms_are_equal(model: ReadModel) -> None:
    import yaml

    template = build_template(model)
    content = json.loads(render(template))
    assert json.loads(render(template, "compact")) == content
    assert yaml.safe_load(render(template, "yaml")) == content


@given(read_models)
def test_rendering_is_deterministic(model: ReadModel) -> None:
    assert render(build_template(model)) == render(build_template(replace(model)))


# The principals of services, and the audience of a token of GitHub for AWS.
SAME_IN_EVERY_PARTITION = (
    *("apigateway.amazonaws.com", "cloudfront.amazonaws.com", LAMBDA),
    "sts.amazonaws.com",
)
GIVEN = ("arn:aws:kms:", "arn:aws:acm:", "arn:aws:sns:")  # ARNs that a model names


@given(read_models)
def test_templates_have_no_region_partition_or_wildcard_grant(
    model: ReadModel,
) -> None:
    for name, resource in content_of(model)["Resources"].items():
        for value in strings(resource["Properties"]):
            assert "eu-west-1" not in value or value.startswith(GIVEN), (name, value)
            assert "amazonaws.com" not in value or value in SAME_IN_EVERY_PARTITION
        for statement in statements(resource["Properties"]):
            if statement["Effect"] == "Allow":
                assert not any("*" in action for action in statement["Action"]), (name, statement)


@given(read_models)
def test_secret_key_is_an_output_only_if_requested(model: ReadModel) -> None:
    shown = "SecretAccessKey" in json.dumps(content_of(model)["Outputs"])
    assert shown == (model.writer.kind == "user" and model.writer.key_in == "outputs")


@given(route_lists, st.randoms(use_true_random=False))
def test_logical_ids_of_a_route_depend_only_on_its_path(
    routes: tuple[Route, ...], random: Any
) -> None:
    """Adding, removing or reordering routes changes no other route's ids."""
    alone = {
        name for route in routes for name in content_of(ReadModel(routes=(route,)))["Resources"]
    }
    shuffled = list(routes)
    random.shuffle(shuffled)
    together = set(content_of(ReadModel(routes=tuple(shuffled)))["Resources"])
    hashed = {name for name in alone | together if name.startswith("ApiGatewayDeployment")}
    assert together - hashed == alone - hashed


def without_names(model: ReadModel) -> ReadModel:
    """The model with every physical name left to CloudFormation: two of one name cannot be."""
    return replace(
        model,
        data_store=replace(model.data_store, name=None, account_regional=False),
        writer=replace(model.writer, name=None),
        gateway_role=replace(model.gateway_role, name=None),
    )


prefixes = st.text(string.ascii_letters + string.digits, max_size=8)
mixtures = st.lists(
    st.tuples(prefixes, read_models.map(without_names)),
    min_size=1,
    max_size=3,
    unique_by=lambda pair: pair[0],
)


@examples(0.06)  # each is several templates for cfn-lint
@given(mixtures)
def test_composed_models_equal_their_own_templates_and_have_no_lint_findings(
    mixture: list[tuple[str, ReadModel]],
) -> None:
    host = Template()
    made = {}
    try:
        for prefix, model in mixture:
            made[prefix] = add_read_model(host, model, prefix)
    except ConfigError as error:  # one prefix and an id may meet another prefix and another id
        assume("already has this logical ID" not in str(error))
        raise
    assert lint(render(host, "compact")) == []
    resources = json.loads(render(host))["Resources"]
    for prefix, model in mixture:
        own = {resource.title: resources[resource.title] for resource in made[prefix].resources}
        assert as_alone(own, prefix) == as_alone(content_of(model)["Resources"], "")


@examples(0.06)
@given(mixtures, st.booleans(), deployments)
def test_models_on_a_shared_api_have_no_lint_findings(
    mixture: list[tuple[str, ReadModel]], gzip: bool, options: Deployment
) -> None:
    host = Template()
    binary = {"BinaryMediaTypes": ["*/*"]} if gzip else {}
    api = host.add_resource(ag.RestApi("Shared", Name="shared", **binary))
    handles = []
    for prefix, model in mixture:
        try:
            handles.append(add_read_model(host, on_an_api(model, gzip), prefix, api=api))
        except ConfigError as error:
            if "already" not in str(error):  # a path or an id is taken
                raise
    deploy_api(host, api, handles, options)
    assert lint(render(host, "compact")) == []


def on_an_api(model: ReadModel, gzip: bool) -> ReadModel:
    """The model without what is the API's own, and what all on it must agree on."""
    encoding: Any = "gzip" if gzip else "none"
    return replace(
        model,
        releases=None,
        access=None,
        domain=None,
        logs=None,
        alarms=None,
        cdn=None,
        waf=None,
        data_store=replace(model.data_store, stored_encoding=encoding),
        api=Api(missing=model.api.missing, cors_origin="*"),
        deployment=Deployment(),
    )


def as_alone(resources: dict[str, Any], prefix: str) -> str:
    """The resources as text without the prefix, and without the hash, which is over the ids too."""
    text = json.dumps(resources)
    for title in resources:
        alone = title.removeprefix(prefix)
        text = text.replace(json.dumps(title), json.dumps(alone))
        text = re.sub(rf"\$\{{{title}(?=[.}}])", f"${{{alone}", text)  # in the text of a Sub
    text = text.replace(f', {{"Name": "Prefix", "Value": "{prefix}"}}', "")
    text = text.replace(rf", \"Prefix\", \"{prefix}\"".replace(" ", ""), "")
    text = text.replace(f'{{"Ref": "AWS::StackName"}}, "{prefix}", ', '{"Ref": "AWS::StackName"}, ')
    text = re.sub(r'"readmodel", "[0-9a-f]{8}", ', '"readmodel", ', text)  # the names of [cdn]
    return re.sub("ApiGatewayDeployment[0-9a-f]{10}", "ApiGatewayDeployment", text)


@given(read_models)
def test_deployment_depends_on_every_method_and_gateway_response(model: ReadModel) -> None:
    resources = content_of(model)["Resources"]
    kinds: tuple[str, ...] = ("::Method", "::GatewayResponse")
    kinds += ("::Policy",) if model.releases else ()  # first the role may read releases
    snapped = {name for name, resource in resources.items() if resource["Type"].endswith(kinds)}
    (deployed,) = [
        resource for resource in resources.values() if resource["Type"].endswith("::Deployment")
    ]
    assert set(deployed["DependsOn"]) == snapped


NOT_SERVED = (
    *("::Deployment", "::Stage", "::DomainName", "::BasePathMapping", "::Account"),
    *("::ApiKey", "::UsagePlan", "::UsagePlanKey"),
)


def deployment_id(resources: dict[str, Any], options: Deployment) -> str:
    """The id that the deployment of these rendered resources must have."""
    of_api = {
        name: resource
        for name, resource in resources.items()
        if resource["Type"].startswith("AWS::ApiGateway::")
        and not resource["Type"].endswith(NOT_SERVED)
    }
    others = {name: resources[name] for name in ("DataStore", "ApiGatewayRole")}
    return "ApiGatewayDeployment" + fingerprint(options, {**of_api, **others})


SERVED_OF = {
    "AWS::ApiGateway::RestApi": {
        "BinaryMediaTypes",
        "DisableExecuteApiEndpoint",
        "EndpointAccessMode",
        "MinimumCompressionSize",
        "Policy",
        "SecurityPolicy",
    },
    "AWS::S3::Bucket": {"BucketName", "BucketNamePrefix", "BucketNamespace"},
    "AWS::IAM::Role": {"RoleName", "Path"},
}


def is_served(name: str, kind: str, path: tuple[Any, ...]) -> bool:
    """Whether the stage serves this property or its snapshot refers to it."""
    if kind.removeprefix("AWS::ApiGateway::") in ("Method", "Resource", "GatewayResponse"):
        return bool(path[0] == "Properties")
    if name in ("DataStoreWriter", "DataStoreWriterRole"):
        return False
    return bool(path[0] == "Properties" and path[1] in SERVED_OF.get(kind, set()))


@examples(0.2)
@given(read_models)
@example(ReadModel(routes=[Route("deployment", "x.json")]))
def test_deployment_id_changes_if_and_only_if_served_properties_change(model: ReadModel) -> None:
    """Only leaves of the template that the stage serves change the ID."""
    resources = content_of(model)["Resources"]
    (before,) = [name for name in resources if resources[name]["Type"].endswith("::Deployment")]
    assert deployment_id(resources, model.deployment) == before
    for name, path in leaves(resources):
        kind = resources[name]["Type"]
        if path == ("Type",):
            continue
        with mutated(resources[name], path):
            changed = deployment_id(resources, model.deployment) != before
        assert changed == is_served(name, kind, path), (name, path)


@examples(0.2)
@given(st.integers(2, 99))
def test_higher_serial_makes_a_new_deployment(serial: int) -> None:
    first, then = ReadModel(), ReadModel(deployment=Deployment(serial=serial))
    gone = set(content_of(first)["Resources"]) - set(content_of(then)["Resources"])
    assert len(gone) == 1
    assert gone.pop().startswith("ApiGatewayDeployment")


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in strings(item)]
    if isinstance(value, list):
        return [found for item in value for found in strings(item)]
    return [value] if isinstance(value, str) else []


def statements(value: Any) -> list[dict[str, Any]]:
    """The statements of policies; a rule of a web ACL has one of another kind, an object."""
    if isinstance(value, dict):
        found = value.get("Statement", [])
        own = found if isinstance(found, list) else []
        return own + [each for item in value.values() for each in statements(item)]
    if isinstance(value, list):
        return [found for item in value for found in statements(item)]
    return []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[str, tuple[Any, ...]]]:
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, item in items for found in leaves(item, (*path, key))]
    return [(path[0], path[1:])]


class mutated:  # noqa: N801 - reads as a function where it is used
    """Change one leaf of a resource for as long as the block runs."""

    def __init__(self, resource: dict[str, Any], path: tuple[Any, ...]) -> None:
        self.holder: Any = resource
        for key in path[:-1]:
            self.holder = self.holder[key]
        self.key = path[-1]
        self.old = self.holder[self.key]

    def __enter__(self) -> None:
        self.holder[self.key] = not self.old if isinstance(self.old, bool) else f"{self.old}x"

    def __exit__(self, *_: object) -> None:
        self.holder[self.key] = self.old
