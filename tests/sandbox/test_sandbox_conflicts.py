"""What API Gateway refuses fails in CloudFormation, and leaves the stack as it was."""

from typing import Any

from sandbox_api import template


def test_stage_created_by_a_deployment_cannot_become_a_resource(
    stack: Any, put: Any, send: Any
) -> None:
    inline = template()
    del inline["Resources"]["Stage"]
    inline["Resources"]["Deployment"]["Properties"]["StageName"] = "v1"
    made = stack.deploy(inline)
    put(made["Store"])
    stack.deploy(template(deployment="Another"), ends="ROLLBACK_COMPLETE")
    assert "Stage already exists" in stack.reasons()
    assert send(made["Api"], "/v1/samples").status == 200


def test_path_parameter_cannot_be_renamed_in_place(stack: Any) -> None:
    made = template()
    made["Resources"]["Samples"]["Properties"]["PathPart"] = "{id}"
    stack.deploy(made)
    made["Resources"]["Samples"]["Properties"]["PathPart"] = "{sku}"
    stack.deploy(made, ends="ROLLBACK_COMPLETE")
    assert "A sibling ({id}) of this resource already has a variable path part" in stack.reasons()


def test_taken_path_part_is_refused(stack: Any) -> None:
    made = template()
    stack.deploy(made)
    made["Resources"]["Twin"] = made["Resources"]["Samples"]
    stack.deploy(made, ends="ROLLBACK_COMPLETE")
    assert "same parent already has this name: samples" in stack.reasons()
