"""The CDN: a CloudFront distribution in front of the bucket or of the API. The article has none.

A document stays at the edge as long as its Cache-Control says, and is revalidated with its ETag:
the cache policy has no minimum. A missing document is a 404 with S3's XML as its body, since
CloudFront runs no function for an error of the origin. The path of a request is mapped to a key by
`paths_function.py`.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import (
    AccountId,
    AWSHelperFn,
    AWSObject,
    GetAtt,
    Join,
    Partition,
    Ref,
    Region,
    Select,
    Split,
    StackId,
    StackName,
    URLSuffix,
    certificatemanager,
    route53,
    s3,
)
from troposphere import apigateway as ag
from troposphere import cloudfront as cf

from readmodel_cfn.template.alias_records import build_alias_records
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.paths_function import RUNTIME, function_code
from readmodel_cfn.template.references import joined
from readmodel_cfn.template.routes import CONDITIONAL_HEADERS, READ_METHODS, Route
from readmodel_cfn.template.sections.api import Api
from readmodel_cfn.template.sections.cdn import Cdn

DISTRIBUTION = "AWS::CloudFront::Distribution"
_TITLE = "Distribution"
_YEAR = 31_536_000
_ERROR_SECONDS = 1  # CloudFront's default of 10 would hide a document that was just published
_ERRORS = (403, 404, 500, 502, 503, 504)
# The hosted zone of every distribution, in which an alias record finds it:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-route53-recordset-aliastarget.html
_ZONE = "Z2FDTNDATAQYW2"


@dataclass(frozen=True)
class CdnResources:
    """The distribution and what belongs to it."""

    distribution: cf.Distribution
    parts: tuple[AWSObject, ...]
    aliases: tuple[str, ...] = ()

    @property
    def url(self) -> AWSHelperFn:
        """Its base URL: that of the first alias that is one name, or of its own name."""
        named = [alias for alias in self.aliases if not alias.startswith("*.")]
        return Join(
            "", ["https://", named[0] if named else GetAtt(self.distribution, "DomainName")]
        )

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource; the distribution is the last but for its records."""
        yield from self.parts


def distribution_arn(names: Names) -> AWSHelperFn:
    """The ARN of the distribution, which has no region. The bucket's policy needs it first."""
    name = Ref(names(_TITLE))
    return joined("arn:", Partition, ":cloudfront::", AccountId, ":distribution/", name)


def build_cdn(
    options: Cdn,
    names: Names,
    *,
    api: ag.RestApi,
    stage: ag.Stage,
    bucket: s3.Bucket | None,
    routes: Sequence[Route],
    cors: Api,
    web_acl: str | AWSHelperFn | None = None,
) -> CdnResources:
    """The distribution; `cors` has the origins whose pages may read, `web_acl` is an ARN.

    Raises:
        ConfigError: the routes make the function too long.
    """
    name = _unique_name(names)
    reads_bucket = options.origin == "data-store"
    access, function = None, None
    if reads_bucket:
        access = _access_control(names, name)
        function = _function(names, name, routes, cors)
    cache, headers = _cache_policy(names, name), _headers_policy(names, name, cors)
    certificate = _certificate(options, names) if options.makes_certificate else None
    distribution = cf.Distribution(
        names(_TITLE),
        DistributionConfig=cf.DistributionConfig(
            Enabled=True,
            Comment=StackName,  # at most 128 characters, like a comment
            HttpVersion="http2and3",
            IPV6Enabled=True,
            Origins=[_bucket_origin(bucket, access) if access else _api_origin(api, stage)],
            DefaultCacheBehavior=cf.DefaultCacheBehavior(
                TargetOriginId="origin",
                AllowedMethods=_methods(cors),
                CachedMethods=list(READ_METHODS),
                CachePolicyId=Ref(cache),
                Compress=True,
                ResponseHeadersPolicyId=Ref(headers),
                ViewerProtocolPolicy="https-only",
                **_associations(function),
            ),
            CustomErrorResponses=[
                cf.CustomErrorResponse(ErrorCode=status, ErrorCachingMinTTL=_ERROR_SECONDS)
                for status in _ERRORS
            ],
            **_aliases(options, certificate),
            **without_none(WebACLId=web_acl),
        ),
    )
    made = [access, function, cache, headers, certificate, distribution]
    parts = [*made, *_records(options, names, distribution)]
    given = tuple(part for part in parts if part is not None)
    return CdnResources(distribution, given, options.aliases or ())


def _unique_name(names: Names) -> AWSHelperFn:
    """A name that no other stack has: these types require one, and it is limited to 64 characters.

    CloudFront is global, so the stack's name is not enough: another region may have the same one.
    """
    prefix = hashlib.sha256(names.prefix.encode()).hexdigest()[:8] if names.prefix else None
    words = ["readmodel", *([prefix] if prefix else [])]
    return Join("-", [*words, Select(2, Split("/", StackId))])


def _access_control(names: Names, name: AWSHelperFn) -> cf.OriginAccessControl:
    return cf.OriginAccessControl(
        names("OriginAccessControl"),
        OriginAccessControlConfig=cf.OriginAccessControlConfig(
            Name=name,
            OriginAccessControlOriginType="s3",
            SigningBehavior="always",
            SigningProtocol="sigv4",
        ),
    )


def _function(names: Names, name: AWSHelperFn, routes: Sequence[Route], cors: Api) -> cf.Function:
    return cf.Function(
        names("PathsFunction"),
        Name=name,
        AutoPublish=True,
        FunctionCode=function_code(routes, cors.cors_origins, _request_headers(cors)),
        FunctionConfig=cf.FunctionConfig(Comment="Maps paths to keys", Runtime=RUNTIME),
    )


def _cache_policy(names: Names, name: AWSHelperFn) -> cf.CachePolicy:
    """Cache as long as Cache-Control says; without one not at all.

    Compression requires both encodings here and a TTL above 0, which the maximum is (assumed).
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
    """
    key = cf.ParametersInCacheKeyAndForwardedToOrigin(
        CookiesConfig=cf.CacheCookiesConfig(CookieBehavior="none"),
        HeadersConfig=cf.CacheHeadersConfig(HeaderBehavior="none"),
        QueryStringsConfig=cf.CacheQueryStringsConfig(QueryStringBehavior="none"),
        EnableAcceptEncodingBrotli=True,
        EnableAcceptEncodingGzip=True,
    )
    return cf.CachePolicy(
        names("CachePolicy"),
        CachePolicyConfig=cf.CachePolicyConfig(
            Name=name,
            MinTTL=0,
            DefaultTTL=0,
            MaxTTL=_YEAR,
            ParametersInCacheKeyAndForwardedToOrigin=key,
        ),
    )


def _headers_policy(names: Names, name: AWSHelperFn, cors: Api) -> cf.ResponseHeadersPolicy:
    """Headers that are right for every JSON document, and those of CORS."""
    security = cf.SecurityHeadersConfig(
        ContentSecurityPolicy=cf.ContentSecurityPolicy(
            ContentSecurityPolicy="default-src 'none'; frame-ancestors 'none'", Override=True
        ),
        ContentTypeOptions=cf.ContentTypeOptions(Override=True),
        StrictTransportSecurity=cf.StrictTransportSecurity(
            AccessControlMaxAgeSec=_YEAR, Override=True
        ),
    )
    return cf.ResponseHeadersPolicy(
        names("ResponseHeadersPolicy"),
        ResponseHeadersPolicyConfig=cf.ResponseHeadersPolicyConfig(
            Name=name, SecurityHeadersConfig=security, **_cors(cors)
        ),
    )


def _cors(cors: Api) -> dict[str, Any]:
    if not cors.cors_origins:
        return {}
    config = cf.CorsConfig(
        AccessControlAllowCredentials=False,
        AccessControlAllowHeaders=cf.AccessControlAllowHeaders(Items=_request_headers(cors)),
        AccessControlAllowMethods=cf.AccessControlAllowMethods(Items=_methods(cors)),
        AccessControlAllowOrigins=cf.AccessControlAllowOrigins(Items=list(cors.cors_origins)),
        AccessControlExposeHeaders=cf.AccessControlExposeHeaders(Items=["ETag"]),
        AccessControlMaxAgeSec=7200,
        OriginOverride=True,
    )
    return {"CorsConfig": config}


def _methods(cors: Api) -> list[str]:
    """GET and HEAD, and OPTIONS for preflights."""
    return [*READ_METHODS, *(["OPTIONS"] if cors.cors_origins else [])]


def _request_headers(cors: Api) -> list[str]:
    allowed: dict[str, str] = {}
    for name in (*CONDITIONAL_HEADERS, *cors.cors_headers):
        allowed.setdefault(name.lower(), name)
    return list(allowed.values())


def _bucket_origin(bucket: s3.Bucket | None, access: cf.OriginAccessControl) -> cf.Origin:
    return cf.Origin(
        Id="origin",
        DomainName=GetAtt(bucket, "RegionalDomainName"),
        OriginAccessControlId=GetAtt(access, "Id"),
        # Required for an origin that is a bucket; empty, since it is for the older way of access.
        S3OriginConfig=cf.S3OriginConfig(OriginAccessIdentity=""),
    )


def _api_origin(api: ag.RestApi, stage: ag.Stage) -> cf.Origin:
    return cf.Origin(
        Id="origin",
        DomainName=Join("", [Ref(api), ".execute-api.", Region, ".", URLSuffix]),
        OriginPath=joined("/", Ref(stage)),
        CustomOriginConfig=cf.CustomOriginConfig(
            OriginProtocolPolicy="https-only", OriginSSLProtocols=["TLSv1.2"]
        ),
    )


def _associations(function: cf.Function | None) -> dict[str, Any]:
    if function is None:
        return {}
    arn = GetAtt(function, "FunctionARN")
    association = cf.FunctionAssociation(EventType="viewer-request", FunctionARN=arn)
    return {"FunctionAssociations": [association]}


def _aliases(options: Cdn, certificate: certificatemanager.Certificate | None) -> dict[str, Any]:
    """The aliases and their certificate; at its own name CloudFront chooses the TLS versions."""
    if not options.aliases:
        return {}
    viewers = cf.ViewerCertificate(
        AcmCertificateArn=options.certificate or Ref(certificate),
        MinimumProtocolVersion="TLSv1.2_2021",
        SslSupportMethod="sni-only",
    )
    return {"Aliases": list(options.aliases), "ViewerCertificate": viewers}


def _certificate(options: Cdn, names: Names) -> certificatemanager.Certificate:
    aliases = options.aliases or ()
    first, *others = aliases
    return certificatemanager.Certificate(
        names("DistributionCertificate"),
        DomainName=first,
        **without_none(SubjectAlternativeNames=others or None),
        ValidationMethod="DNS",
        DomainValidationOptions=[
            certificatemanager.DomainValidationOption(
                DomainName=alias, HostedZoneId=options.hosted_zone_id
            )
            for alias in aliases
        ],
    )


def _records(
    options: Cdn, names: Names, distribution: cf.Distribution
) -> Iterator[route53.RecordSetType]:
    """The records of each alias; none without a hosted zone."""
    if options.hosted_zone_id is None:
        return
    target = GetAtt(distribution, "DomainName")
    for alias in options.aliases or ():
        yield from build_alias_records(
            names, alias, options.hosted_zone_id, target=target, target_zone=_ZONE
        )
