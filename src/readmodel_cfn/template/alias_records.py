"""The Route 53 alias records of a domain name, which point to the API or the distribution.

Their logical IDs depend on the domain name only: a name that moves from the API to a distribution
is updated in place, and Route 53 would refuse a second record of the name.
"""

import hashlib
from collections.abc import Iterator

from troposphere import AWSHelperFn, route53

from readmodel_cfn.template.naming import Names


def build_alias_records(
    names: Names, name: str, zone: str, *, target: AWSHelperFn, target_zone: str | AWSHelperFn
) -> Iterator[route53.RecordSetType]:
    """An A and an AAAA record in the hosted zone; `target` is a domain name of `target_zone`."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    for kind in ("A", "AAAA"):
        yield route53.RecordSetType(
            names(f"Alias{digest}{kind}Record"),
            HostedZoneId=zone,
            Name=name,
            Type=kind,
            AliasTarget=route53.AliasTarget(DNSName=target, HostedZoneId=target_zone),
        )
