"""A stack of yours with a read model in it: `python stack.py > stack.json`."""

from awacs.aws import Allow, PolicyDocument, Statement
from awacs.s3 import ListBucket
from troposphere import GetAtt, Output, Ref, Template, iam

from readmodel_cfn import ReadModel, Route, add_read_model, render

stack = Template()
shop = add_read_model(
    stack, ReadModel(routes=[Route("products/{id}", "products/{id}.json")]), prefix="Shop"
)

# What the read model is made of can be referred to: here a policy of your own lists its bucket.
may_list = Statement(Effect=Allow, Action=[ListBucket], Resource=[GetAtt(shop.bucket, "Arn")])
stock = stack.add_resource(
    iam.ManagedPolicy("Stock", PolicyDocument=PolicyDocument(Statement=[may_list]))
)
stack.add_output(Output("StockPolicy", Value=Ref(stock)))
stack.add_output(Output("Shop", Value=shop.url))

print(render(stack), end="")
