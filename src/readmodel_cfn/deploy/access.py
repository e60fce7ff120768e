"""Which properties say who may do what: those a reviewer wants to see first."""

from fnmatch import fnmatchcase

# Below these types everything does: an identity, or a policy of one.
_WHOLE = ("AWS::IAM::*", "AWS::*::*Policy", "AWS::*::ResourcePolicy", "AWS::Lambda::Permission")
_PROPERTIES = {
    "AWS::S3::Bucket": (
        "AccessControl",
        "BucketEncryption",
        "CorsConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "WebsiteConfiguration",
    ),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::ApiGateway::RestApi": ("EndpointConfiguration", "Policy", "SecurityPolicy"),
    "AWS::ApiGateway::Method": (
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "Integration/Credentials",
        "Integration/Uri",
    ),
}


def concerns_access(type_: str, path: str) -> bool:
    """Does the property at the path, such as `/Properties/Policies/0`, say who may do what?"""
    if any(fnmatchcase(type_, one) for one in _WHOLE):
        return not path.startswith(("/Metadata", "/Properties/Tags"))
    below = path.removeprefix("/Properties/")
    return any(
        below == one or below.startswith(f"{one}/") or one.startswith(f"{below}/")
        for one in _PROPERTIES.get(type_, ())
    )
