"""A troposphere stack with a read model: `python stack.py > stack.json`."""

from awacs.aws import Allow, PolicyDocument, Statement
from awacs.s3 import ListBucket
from troposphere import GetAtt, Output, Ref, Template, iam

from readmodel_cfn import ReadModel, Route, add_read_model, render

stack = Template()
shop = add_read_model(
    stack, ReadModel(routes=[Route("products/{id}", "products/{id}.json")]), prefix="Shop"
)

# Other resources can refer to those of the read model: this policy allows listing its bucket.
statement = Statement(Effect=Allow, Action=[ListBucket], Resource=[GetAtt(shop.bucket, "Arn")])
stock = stack.add_resource(
    iam.ManagedPolicy("Stock", PolicyDocument=PolicyDocument(Statement=[statement]))
)
stack.add_output(Output("StockPolicy", Value=Ref(stock)))
stack.add_output(Output("Shop", Value=shop.url))

print(render(stack), end="")
