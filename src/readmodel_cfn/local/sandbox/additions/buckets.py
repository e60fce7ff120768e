"""How CloudFormation imports existing buckets, and tags the buckets that it creates.

ministack's check for existing names rejects a bucket that a change set imports, and its
CloudFormation sets no tags on buckets, neither the stack's nor those of the Tags property.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
"""

from typing import Any

from ministack.services import cloudformation, s3
from ministack.services.cloudformation import provisioners, stacks

Properties = dict[str, Any]


def register() -> None:
    """Skip imported buckets in the check, and store the tags where S3 reads them."""
    _skip_imports()
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    _store_tags()


def _skip_imports() -> None:
    find = stacks._validation_errors

    def validation_errors(*arguments: Any) -> list[tuple[Any, ...]]:
        stack_id = arguments[6]
        imported = {
            title
            for change_set in cloudformation._change_sets.values()
            if change_set["StackId"] == stack_id
            for title in change_set.get("_import_existing", ())
        }
        return [error for error in find(*arguments) if error[0] not in imported]

    stacks._validation_errors = validation_errors


def _store_tags() -> None:
    apply = provisioners._s3_apply_configurations

    def apply_configurations(name: str, props: Properties, *old: Properties) -> None:
        apply(name, props, *old)
        if tags := {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}:
            s3._bucket_tags[name] = tags

    provisioners._s3_apply_configurations = apply_configurations
