"""What to do about an error that AWS returns, by its code: one table for boto3 and obstore.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/CommonErrors.html
"""

import re

RENEW = "renew the credentials (aws sso login, or a new token) and run the command again"
TRY_LATER = "run the command again in a minute"
CHECK_NETWORK = "check the network, the region and --endpoint-url"
CHECK_PROXY = "check HTTP_PROXY and HTTPS_PROXY: each is a URL such as http://HOST:PORT"
NOT_TRUSTED = "set AWS_CA_BUNDLE to the certificate of its authority"
NO_CONDITION = "the request has no condition: check the proxy and --endpoint-url, and run it again"
OTHER_REGION = "the bucket is in another region: set --region"
_REDIRECTED = f"if the bucket is new, {TRY_LATER}; otherwise {CHECK_NETWORK}"
_OTHER_PROFILE = "or use another profile with --profile"
_SET_CLOCK = "set this machine's clock: its time differs from that of AWS"
_ASK = f"request this permission, {_OTHER_PROFILE}"
_SUBJECT = (
    "compare the subject and the audience of the job's OIDC token (sub, aud) with the role's trust "
    "policy; the writer's role trusts the principals under [writer]"
)
_PROVIDER = (
    "create the identity provider, once per account: aws iam create-open-id-connect-provider"
)
_KMS_KEY = "check that the KMS key of the bucket exists, is enabled and is in the bucket's region"

HINTS = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), RENEW),
    # A token of an opt-in region that is not valid in the others, or of a deleted session.
    "InvalidToken": RENEW,
    # Of a web identity token.
    **dict.fromkeys(("InvalidIdentityToken", "IDPRejectedClaim"), RENEW),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestInTheFuture", "RequestExpired"), _SET_CLOCK),
    **dict.fromkeys(
        (
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
        ),
        f"check the access key, {_OTHER_PROFILE}",
    ),
    "InvalidAccessKeyId": "check the access key; a new key works after some seconds",
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), _ASK),
    # Of responses without a body, such as those to HEAD.
    **dict.fromkeys(("400", "403"), f"renew the credentials, or {_ASK}"),
    "NoSuchBucket": "check the bucket's name and region",
    **dict.fromkeys(
        (
            "301",  # of a response without a body, such as one to HEAD
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ),
        OTHER_REGION,
    ),
    # S3 redirects requests to a new bucket until its DNS name is known; otherwise it is a proxy.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
    **dict.fromkeys(("302", "307", "308", "Redirect", "TemporaryRedirect"), _REDIRECTED),
    "AllAccessDisabled": "check the bucket's name",
    **dict.fromkeys(("RequestTimeout", "SlowDown", "OperationAborted"), TRY_LATER),
    **dict.fromkeys(
        ("LimitExceeded", "LimitExceededException"),
        "request a higher quota in Service Quotas, or delete what is unused",
    ),
}
"""What to do about an error with a code."""

# A signature that is too old, or from the future: SignatureDoesNotMatch, InvalidSignatureException.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
_SKEWED = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_KMS_DENIED = re.compile(r"\bkms:[A-Z]\w+")


def hint_for(code: str, message: str) -> str | None:
    """What to do about an error with this code and message; None if that is unknown."""
    if _SKEWED.search(message):
        return _SET_CLOCK
    if re.search(r"authorized to perform:? sts:AssumeRoleWithWebIdentity", message):
        return _SUBJECT
    if "No OpenIDConnect provider found" in message:
        return _PROVIDER
    if code.startswith("KMS"):
        return _KMS_KEY
    hint = HINTS.get(code)
    if hint == _ASK and (permission := _KMS_DENIED.search(message)):
        return f"request {permission[0]} for the bucket's KMS key, {_OTHER_PROFILE}"
    return hint
