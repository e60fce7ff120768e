"""Resources of an existing stack, for tests that add read models to it."""

from typing import Any

from troposphere import GetAtt, Ref, iam
from troposphere import apigateway as ag


def trusted_role(title: str = "Reader") -> iam.Role:
    """A role that API Gateway may assume."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return iam.Role(title, AssumeRolePolicyDocument=trust)


def health(api: ag.RestApi, template: str = '{"statusCode":200}') -> list[Any]:
    """A resource and a method that belong to the existing stack."""
    place = ag.Resource(
        "Health", RestApiId=Ref(api), ParentId=GetAtt(api, "RootResourceId"), PathPart="health"
    )
    method = ag.Method(
        "HealthGet",
        RestApiId=Ref(api),
        ResourceId=Ref(place),
        HttpMethod="GET",
        AuthorizationType="NONE",
        Integration=ag.Integration(
            Type="MOCK",
            RequestTemplates={"application/json": template},
            IntegrationResponses=[ag.IntegrationResponse(StatusCode="200")],
        ),
        MethodResponses=[ag.MethodResponse(StatusCode="200")],
    )
    return [place, method]
