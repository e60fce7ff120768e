"""A program that is wrong line by line: strict type checkers must refuse each that says so."""

# pyright: strict, reportMissingTypeStubs=false

from troposphere import Template, s3
from troposphere import apigateway as ag

import readmodel_cfn as rm
from readmodel_cfn.analysis import audit
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish

TEMPLATE, MODEL = Template(), rm.ReadModel()
HANDLE = rm.add_read_model(TEMPLATE, MODEL)
API = ag.RestApi("Api", Name="api")
TO = Destination("my-bucket")
SHOP, SPEC = rm.ReadModelStack("shop", MODEL), StackSpec("shop", "{}")

rm.Route("a", 1)  # refused
rm.Route("a", "a.json", throttle_rate="1")  # refused
rm.Route("a", "a.json").keys  # refused
rm.ReadModel(routes=["a"])  # refused
rm.ReadModel(routes=rm.Route())  # refused
rm.ReadModel(api=rm.Writer())  # refused
rm.Api(missing="hide")  # refused
rm.Api(compress_from="always")  # refused
rm.DataStore(kms_keys="arn")  # refused
rm.Deployment(serial="1")  # refused
rm.GatewayRole(name=1)  # refused
rm.Writer(allow=("put", "read"))  # refused
MODEL.api = rm.Api()  # refused
rm.build_template([MODEL])  # refused
rm.render(MODEL)  # refused
rm.render(TEMPLATE, "xml")  # refused
number: int = rm.render(TEMPLATE)  # refused
rm.add_read_model(TEMPLATE, MODEL, data_store=API)  # refused
rm.add_read_model(TEMPLATE, MODEL, gateway_role=s3.Bucket("B"))  # refused
rm.add_read_model(TEMPLATE, MODEL, api="Api")  # refused
rm.add_read_model(TEMPLATE, MODEL, "Shop", True)  # refused
bucket: ag.RestApi = HANDLE.bucket  # refused
stage: ag.Stage = HANDLE.stage  # refused
HANDLE.url.to_dict()  # refused
HANDLE.site  # refused
rm.deploy_api(TEMPLATE, API, HANDLE)  # refused
rm.deploy_api(TEMPLATE, API, [HANDLE], rm.Api())  # refused
rm.imported("stack", "Bucket")  # refused
rm.imported(1, "ApiUrl")  # refused
rm.ReadModelError("what", "where")  # refused
publish({"a.json": 1}, TO)  # refused
publish([("a.json", 1)], "my-bucket")  # refused
publish([("a.json", 1)], TO, routes="a.json")  # refused
publish([("a.json", 1)], TO, on_progress=lambda: None)  # refused
publish([("a.json", 1)], TO).count  # refused
Settings(gzip="yes")  # refused
Destination(None)  # refused
StackSpec("shop", {"Resources": {}})  # refused
StackSpec("shop", "{}", tags={"team": 1})  # refused
SHOP.deploy(True)  # refused
SHOP.deploy(adopt="shop")  # refused
SHOP.deploy(confirm=True)  # refused
SHOP.deploy(on_progress=lambda: None)  # refused
SHOP.deploy(on_interrupt=lambda: True)  # refused
SHOP.deploy().stack  # refused
SHOP.diff().action == "destroy"  # refused
SHOP.diff().resources[0].path  # refused
SHOP.follow(timeout="1")  # refused
deploy(SPEC, "eu-west-1")  # refused
deploy("shop")  # refused
audit.audit("{}")  # refused
audit.audit({})[0].line  # refused
gateway.Request("GET", b"/")  # refused
sandbox.start("here")  # refused
sandbox.Sandbox.url  # refused
