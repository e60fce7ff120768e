"""One read model as one CloudFormation stack. Each module extends the class of another one."""

from readmodel_cfn.stack.read_model_stack import ReadModelStack as ReadModelStack
