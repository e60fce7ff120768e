"""What CloudFormation does for the resources of a template: each action with its resources."""

import re
from collections.abc import Mapping, Sequence

from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.policy.arns import arns_of
from readmodel_cfn.policy.grants import ANY, Equals, Grants
from readmodel_cfn.policy.handlers import SERVES, needed
from readmodel_cfn.policy.names import BUCKET, ROLE, USER, Names

# The actions that could give a role or a user more than its permissions boundary, if IAM did not
# compare iam:PermissionsBoundary, which is that of the request or of the identity:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
_BOUNDED = {
    f"iam:{verb}{kind}{what}"
    for kind in ("Role", "User")
    for verb, what in (
        ("Create", ""),
        ("Put", "Policy"),
        ("Attach", "Policy"),
        ("Put", "PermissionsBoundary"),
    )
}
_OF_GROUP = ("iam:AddUserToGroup", "iam:RemoveUserFromGroup")
# The type of identity that an action of IAM is for, by a word in the action.
_TYPES = {"Role": ROLE, "User": USER, "AccessKey": USER, "LoginProfile": USER}
_ROLE_OF_ACCOUNT = "CloudWatchRoleArn"
# Of API Gateway; no other type of a read model needs such a role.
_LINKED_SERVICE = "ops.apigateway.amazonaws.com"
_LINKED_ROLE = f"role/aws-service-role/{_LINKED_SERVICE}/AWSServiceRoleForAPIGateway"
_READS = re.compile(r"[a-z0-9-]+:(Get|List|Describe|GET$)")
# Drift detection compares no SecretString: it is write-only in the schema of its type.
_NO_READ = ("secretsmanager:GetSecretValue",)


def allow_handlers(
    grants: Grants, names: Names, handlers: Sequence[str], *, only_reads: bool = False
) -> None:
    """Allow what these handlers need for the resources of the template.

    With `only_reads` nothing that changes a resource: the read handler of a web ACL's association
    has permissions to associate and to disassociate.
    """
    for resource in names.resources.values():
        described = {"Type": resource.type, "Properties": resource.properties}
        for action in needed(described, handlers):
            if not only_reads or resource.type not in SERVES or _reads(action):
                _allow(grants, names, resource, action)


def _reads(action: str) -> bool:
    return _READS.match(action) is not None and action not in _NO_READ


def _allow(grants: Grants, names: Names, resource: Resource, action: str) -> None:
    if resource.type not in SERVES:
        grants.allow(action, [ANY])
    elif action == "iam:PassRole":
        service = "s3" if resource.type == BUCKET else "apigateway"
        passed = Equals("iam:PassedToService", f"{service}.amazonaws.com")
        grants.allow(action, _passed_roles(names, resource), passed)
    elif action == "iam:CreateServiceLinkedRole":
        linked = Equals("iam:AWSServiceName", _LINKED_SERVICE)
        grants.allow(action, [names.iam(_LINKED_ROLE)], linked)
    elif action.startswith("iam:"):
        for arn, boundary in _identities(names, resource, action).items():
            bounded = boundary if action in _BOUNDED else None
            condition = Equals("iam:PermissionsBoundary", bounded) if bounded else None
            grants.allow(action, [arn], condition)
    else:
        grants.allow(action, arns_of(names, resource, action))


def _identities(names: Names, resource: Resource, action: str) -> dict[str, str | None]:
    """The roles, users, groups or policies of an action, and the permissions boundary of each."""
    type_ = next((kind for word, kind in _TYPES.items() if word in action), None)
    if action in _OF_GROUP or (type_ is None and "Group" in action):
        return {names.iam("group/*"): None}
    if type_ is None or resource.type == type_:
        return {names.own(resource): names.given(resource, "PermissionsBoundary")}
    property_ = "Roles" if type_ == ROLE else "Users"
    given = (resource.properties.get(name) for name in (_ROLE_OF_ACCOUNT, "UserName", property_))
    value = next((each for each in given if each), None)
    bounds = {
        names.own(found): names.given(found, "PermissionsBoundary")
        for found in names.of_type(type_)
    }
    return {arn: bounds.get(arn) for arn in names.referenced(value, type_)}


def _passed_roles(names: Names, resource: Resource) -> list[str]:
    if _ROLE_OF_ACCOUNT in resource.properties:
        return names.referenced(resource.properties[_ROLE_OF_ACCOUNT], ROLE)
    integration = resource.properties.get("Integration")
    if isinstance(integration, Mapping) and "Credentials" in integration:
        return names.referenced(integration["Credentials"], ROLE)
    return [ANY]
