"""`python -m readmodel_cfn` is `readmodel-cfn`."""

from readmodel_cfn.cli import main

main(prog_name="readmodel-cfn")
