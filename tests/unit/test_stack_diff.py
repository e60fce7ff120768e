"""The diff of a stack: changed values, and changes of access."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.deploy.changes import additions, from_change_set, leaves
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import ChangeKind, PropertyChange, ResourceDiff, StackDiff
from readmodel_cfn.deploy.values import ChangeSet, Stack

STACK = Stack("id", "shop", "CREATE_COMPLETE", "", {}, {"readmodel-cfn": "managed"}, {}, False)
BUCKET = "AWS::S3::Bucket"


def template(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Store": {"Type": BUCKET, "Properties": properties}}}


def detail(name: str, **more: Any) -> dict[str, Any]:
    kept = {key: value for key, value in more.items() if key != "cause"}
    cause = {"CausingEntity": more["cause"]} if "cause" in more else {}
    return {"Target": {"Attribute": "Properties", "Name": name, **kept}, **cause}


def change(*details: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {"Action": "Modify", "LogicalResourceId": "Store", "ResourceType": BUCKET}
    return {**found, "Details": list(details), **more}


def compared(before: Any, after: dict[str, Any], *found: dict[str, Any], **stack: Any) -> StackDiff:
    page = {
        "ChangeSetId": "c",
        "StackId": "id",
        "Status": "CREATE_COMPLETE",
        "Changes": [{"Type": "Resource", "ResourceChange": change} for change in found],
    }
    spec = StackSpec("shop", json.dumps(after), **stack)
    return from_change_set(ChangeSet.of([page]), STACK, before, spec)


def rows(diff: StackDiff) -> list[tuple[str, Any, Any]]:
    return [(change.path, change.before, change.after) for change in diff.resources[0].properties]


def test_new_stack_has_only_additions() -> None:
    diff = additions(StackSpec("shop", json.dumps(template(BucketName="a"))))
    (only,) = diff.resources
    assert (only.kind, only.logical_id, only.type) == ("add", "Store", BUCKET)
    assert only.properties == (PropertyChange("/Properties/BucketName", None, "a"),)


@pytest.mark.parametrize(
    ("action", "replacement", "kind"),
    [
        ("Add", "", "add"),
        ("Remove", "", "remove"),
        ("Import", "", "import"),
        ("Modify", "False", "modify"),
        ("Modify", "True", "replace"),
        ("Modify", "Conditional", "modify"),
        ("Dynamic", "", "modify"),
    ],
)
def test_change_set_actions_map_to_kinds(action: str, replacement: str, kind: str) -> None:
    diff = compared(template(), template(), change(Action=action, Replacement=replacement))
    assert diff.resources[0].kind == kind


def test_values_come_from_the_templates_without_change_set_values() -> None:
    diff = compared(template(A=1, B=2), template(A=1, B=3), change(detail("B")))
    assert rows(diff) == [("/Properties/B", 2, 3)]


def test_values_come_from_the_change_set_if_present() -> None:
    found = detail("B", Path="/Properties/B/0", BeforeValue='["x"]', AfterValue="shop-1234")
    diff = compared(template(B=[2]), template(B=[{"Ref": "X"}]), change(found))
    assert rows(diff) == [("/Properties/B/0", ["x"], "shop-1234")]


@pytest.mark.parametrize(
    ("name", "value"), [("SecretString", "s3cr3t-1"), ("LoginProfile", '{"Password":"s3cr3t-1"}')]
)
def test_secret_values_of_a_change_set_are_not_shown(name: str, value: str) -> None:
    path = f"/Properties/{name}"
    found = detail(name, Path=path, BeforeValue=value, AfterValue=value.replace("1", "2"))
    ((shown, before, after),) = rows(compared(template(), template(), change(found)))
    assert shown == path
    assert before != after
    assert "s3cr3t" not in f"{before}{after}"


def test_dependent_change_names_its_cause() -> None:
    diff = compared(template(B=1), template(B=1), change(detail("B", cause="Role.Arn")))
    assert rows(diff) == [("/Properties/B", "(current value)", "(depends on Role.Arn)")]


def test_present_template_may_be_yaml() -> None:
    text = "Resources:\n  Store:\n    Type: AWS::S3::Bucket\n    Properties: {B: 0}"
    diff = compared(text, template(B=1), change(detail("B")))
    assert rows(diff) == [("/Properties/B", 0, 1)]


def test_unreadable_template_has_no_values() -> None:
    diff = compared("Resources: ...", template(B=1), change(detail("B")))
    assert rows(diff) == [("/Properties/B", "(current value)", "(known after deploy)")]


def test_removed_resource_shows_its_values() -> None:
    diff = compared(template(A=1), {"Resources": {}}, change(Action="Remove"))
    assert rows(diff) == [("/Properties/A", 1, None)]


def test_diff_includes_outputs_tags_parameters_and_protection() -> None:
    before = {**template(), "Outputs": {"Url": {"Value": "a"}}, "Description": "old"}
    after = {**template(), "Outputs": {"Url": {"Value": "b"}}, "Description": "new"}
    diff = compared(
        before, after, tags={"t": "v"}, parameters={"P": "v"}, termination_protection=True
    )
    assert {property_.path: (property_.before, property_.after) for property_ in diff.others} == {
        "/Description": ("old", "new"),
        "/Outputs/Url/Value": ("a", "b"),
        "/ParameterValues/P": (None, "v"),
        "/Tags/t": (None, "v"),
        "/TerminationProtection": (False, True),
    }


def test_equal_templates_have_no_diff() -> None:
    assert not compared(template(), template())
    assert additions(StackSpec("shop", json.dumps(template())))


def test_only_what_widens_access_is_marked() -> None:
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False}
    before = template(PublicAccessBlockConfiguration=block, Tags=[])
    turned = {name: not on for name, on in block.items()}
    after = template(PublicAccessBlockConfiguration=turned, Tags=["a"])
    diff = compared(before, after, change(detail("Tags"), detail("PublicAccessBlockConfiguration")))
    marked = {change.path: change.access for change in diff.resources[0].properties}
    assert marked == {
        "/Properties/PublicAccessBlockConfiguration/BlockPublicAcls": True,
        "/Properties/PublicAccessBlockConfiguration/IgnorePublicAcls": False,
        "/Properties/Tags/+": False,
    }
    assert diff.resources[0].access


def test_a_value_of_the_change_set_is_shown_by_its_changed_parts() -> None:
    found = detail("B", Path="/Properties/B", BeforeValue='{"x":1,"y":2}', AfterValue='{"x":1}')
    diff = compared(template(B=[2]), template(B=[{"Ref": "X"}]), change(found))
    assert rows(diff) == [("/Properties/B/y", 2, None)]


def test_changed_tags_and_protection_are_settings_of_the_stack() -> None:
    diff = compared(template(), template(), tags={"t": "v"}, termination_protection=True)
    assert [(s.table, s.key, s.before, s.after) for s in diff.settings] == [
        ("stack", "tags.t", None, "v"),
        ("stack", "termination_protection", False, True),
    ]


KEY_CHANGES: tuple[ChangeKind, ...] = ("replace", "remove")


@pytest.mark.parametrize(
    ("type_", "lost", "protected"),
    [
        (BUCKET, True, True),
        ("AWS::ApiGateway::RestApi", True, True),
        ("AWS::ApiGateway::Stage", True, True),
        ("AWS::CloudFront::Distribution", True, True),
        ("AWS::IAM::AccessKey", True, False),
        ("AWS::IAM::Policy", False, False),
    ],
)
@pytest.mark.parametrize("kind", ["replace", "remove", "may replace", "modify", "add"])
def test_a_bucket_an_api_and_a_url_are_protected(
    type_: str, lost: bool, protected: bool, kind: Any
) -> None:
    resource = ResourceDiff(kind, "R", type_)
    loses = kind in ("replace", "remove", "may replace")
    assert (bool(resource.loss), resource.is_protected) == (loses and lost, loses and protected)


@pytest.mark.parametrize(
    ("policy", "action", "retained"),
    [
        ("Retain", "Remove", True),
        ("RetainExceptOnCreate", "Remove", True),
        ("Delete", "Remove", False),
        (None, "Remove", False),
        ("Retain", "Add", False),
    ],
)
def test_removed_resource_with_a_deletion_policy_is_retained(
    policy: str | None, action: str, retained: bool
) -> None:
    present = {"Resources": {"Store": {"Type": BUCKET, "DeletionPolicy": policy}}}
    empty: dict[str, Any] = {"Resources": {}}
    pair = (empty, present) if action == "Add" else (present, empty)
    (only,) = compared(*pair, change(Action=action)).resources
    assert only.retained is retained


def test_only_a_replaced_access_key_has_a_new_one_to_read() -> None:
    replaced, removed = (ResourceDiff(kind, "R", "AWS::IAM::AccessKey") for kind in KEY_CHANGES)
    assert replaced.loss.startswith(removed.loss)
    assert "new" in replaced.loss
    assert "new" not in removed.loss


def test_added_list_items_are_the_only_difference() -> None:
    assert list(leaves({"A": ["x", "y"]}, {"A": ["x", "z", "y", "w"]})) == [
        ("/A/+", None, "z"),
        ("/A/+", None, "w"),
    ]


def test_reordered_list_is_a_difference() -> None:
    assert list(leaves(["x", "y"], ["y", "x"])) == [("/0", "x", "y"), ("/1", "y", "x")]
    assert list(leaves(["x", "x", "y"], ["x", "y"])) == [("/-", "x", None)]


VALUES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_leaves_differ_if_and_only_if_values_differ(before: Any, after: Any) -> None:
    found = list(leaves(before, after))
    assert bool(found) == (before != after)
    assert all(old != new for _, old, new in found)


SCALARS = st.none() | st.integers() | st.text(max_size=3)
PARTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Policies", "PolicyDocument", "Bucket", "Ref", "Fn::Join", "Effect"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
TYPES = ("AWS::S3::BucketPolicy", "AWS::IAM::Role", "AWS::ApiGateway::Method", "Custom::X")


@given(PARTS, st.sampled_from(TYPES), PARTS)
def test_any_deployed_template_is_compared_without_an_error(
    before: Any, type_: str, metadata: Any
) -> None:
    properties = {"PolicyDocument": {"Statement": []}, "HttpMethod": "GET"}
    after = {"Resources": {"Store": {"Type": type_, "Properties": properties}}}
    for deployed in (
        before,
        {"Resources": before, "Metadata": metadata},
        {"Resources": {"Store": {"Type": type_, "Properties": before}}},
    ):
        for action in ("Modify", "Remove"):
            found = change(detail("PolicyDocument"), Action=action, Replacement="Conditional")
            assert compared(deployed, after, found).resources
