"""The custom domain name of the API, its certificate and its DNS records. The article has none.

The domain name is regional, as the API is: the certificate is in the region of the stack, and
readers need no CloudFront. Its TLS policy is that of the API, `[api] security_policy`: one option
for all readers. It has IPv4 and IPv6 addresses, for the A and the AAAA record.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-custom-domain-ip-address-type.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import AWSObject, GetAtt, Ref, certificatemanager, route53
from troposphere import apigateway as ag

from readmodel_cfn.template.alias_records import build_alias_records
from readmodel_cfn.template.api import tls
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.sections.api import Api
from readmodel_cfn.template.sections.domain import Domain


@dataclass(frozen=True)
class DomainResources:
    """The resources of the domain name; no certificate if its ARN was given."""

    certificate: certificatemanager.Certificate | None
    domain: ag.DomainName
    mapping: ag.BasePathMapping
    records: tuple[route53.RecordSetType, ...]

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource, in the order in which they need each other."""
        certificate = [self.certificate] if self.certificate else []
        yield from (*certificate, self.domain, self.mapping, *self.records)


def build_domain(
    options: Domain, api_options: Api, names: Names, *, api: ag.RestApi, stage: ag.Stage
) -> DomainResources:
    """The domain name that serves the stage."""
    certificate = None if options.certificate else _certificate(options, names)
    domain = ag.DomainName(
        names("DomainName"),
        DomainName=options.name,
        EndpointConfiguration=ag.EndpointConfiguration(
            Types=["REGIONAL"], IpAddressType="dualstack"
        ),
        RegionalCertificateArn=options.certificate or Ref(certificate),
        **tls(api_options),
    )
    mapping = ag.BasePathMapping(
        names("DomainMapping"),
        **without_none(BasePath=options.base_path or None),
        DomainName=Ref(domain),
        RestApiId=Ref(api),
        Stage=Ref(stage),  # its name
    )
    return DomainResources(certificate, domain, mapping, _records(options, domain, names))


def _certificate(options: Domain, names: Names) -> certificatemanager.Certificate:
    """A certificate that ACM validates by a record that CloudFormation adds to the hosted zone.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-certificatemanager-certificate-domainvalidationoption.html
    """
    validation = certificatemanager.DomainValidationOption(
        DomainName=options.name, HostedZoneId=options.hosted_zone_id
    )
    return certificatemanager.Certificate(
        names("DomainCertificate"),
        DomainName=options.name,
        DomainValidationOptions=[validation],
        ValidationMethod="DNS",
    )


def _records(
    options: Domain, domain: ag.DomainName, names: Names
) -> tuple[route53.RecordSetType, ...]:
    """The alias records; none without a hosted zone."""
    if options.hosted_zone_id is None:
        return ()
    return tuple(
        build_alias_records(
            names,
            options.name,
            options.hosted_zone_id,
            target=GetAtt(domain, "RegionalDomainName"),
            target_zone=GetAtt(domain, "RegionalHostedZoneId"),
        )
    )
