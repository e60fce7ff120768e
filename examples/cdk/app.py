"""A CDK stack with a read model; another construct uses its URL."""

from aws_cdk import App, Stack
from aws_cdk.aws_ssm import StringParameter
from aws_cdk.cloudformation_include import CfnInclude

app = App()
stack = Stack(app, "Shop")
shop = CfnInclude(stack, "ReadModel", template_file="read-model.json")
StringParameter(
    stack,
    "ShopUrl",
    parameter_name="/shop/url",
    string_value=shop.get_output("ApiUrl").value,
)
app.synth()
