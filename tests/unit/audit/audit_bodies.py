"""A template whose API is an OpenAPI document, made from one with methods."""

from typing import Any

from audit_templates import Template

INTEGRATION = "x-amazon-apigateway-integration"
PARTS = ("Method", "Resource", "GatewayResponse")
RENAMED = {"IntegrationHttpMethod": "httpMethod"}


def with_body(template: Template) -> Template:
    """The template with a Body in place of the methods, resources and gateway responses."""
    resources = template["Resources"]
    api = resources["Api"]
    api["Properties"]["Body"] = document_of(resources)
    moved = [name for name, own in resources.items() if own["Type"].endswith(PARTS)]
    for name in moved:
        del resources[name]
    resources["Deployment1a2b"].pop("DependsOn")
    return template


def with_definition(template: Template) -> Template:
    """The template with an AWS::Serverless::Api in place of the API and its stage."""
    with_body(template)
    resources = template["Resources"]
    properties = resources["Api"]["Properties"]
    resources["Api"] = {
        "Type": "AWS::Serverless::Api",
        "Properties": {
            **{name: value for name, value in properties.items() if name != "Body"},
            "StageName": "live",
            "DefinitionBody": properties["Body"],
        },
    }
    del resources["Stage"], resources["Deployment1a2b"]
    template["Transform"] = "AWS::Serverless-2016-10-31"
    return template


def document_of(resources: Template) -> Template:
    paths = {"Sample": "/samples", "Product": "/products/{id}"}
    document: Template = {"openapi": "3.0.1", "info": {"title": "documents"}, "paths": {}}
    responses = document["x-amazon-apigateway-gateway-responses"] = {}
    for own in resources.values():
        properties = own["Properties"]
        if own["Type"].endswith("GatewayResponse"):
            responses[properties["ResponseType"]] = camel(
                {name: properties[name] for name in properties.keys() - {"RestApiId"}}
            )
        elif own["Type"].endswith("Method"):
            item = document["paths"].setdefault(paths[properties["ResourceId"]["Ref"]], {})
            item[properties["HttpMethod"].lower()] = operation(properties)
    return document


def operation(properties: Template) -> Template:
    integration = properties["Integration"]
    answers = {
        answer.get("SelectionPattern", "default"): camel(answer, "SelectionPattern")
        for answer in integration["IntegrationResponses"]
    }
    parameters = (name.split(".", 3) for name in properties.get("RequestParameters", {}))
    return {
        "parameters": [{"name": name, "in": place} for _, _, place, name in parameters],
        "responses": {
            response["StatusCode"]: {
                "description": "",
                "headers": {
                    name.rpartition(".")[2]: {"schema": {"type": "string"}}
                    for name in response.get("ResponseParameters", {})
                },
            }
            for response in properties["MethodResponses"]
        },
        INTEGRATION: {**camel(integration, "IntegrationResponses"), "responses": answers},
    }


def camel(properties: Template, *without: str) -> dict[str, Any]:
    return {
        RENAMED.get(name, name[0].lower() + name[1:]): value
        for name, value in properties.items()
        if name not in without
    }
