"""The CloudFormation template of a read model: one module for each section of the article.

In the article's order: data_store, writer, gateway_role, api, deployment, outputs. `sections` has
their options (frozen classes whose defaults are for production); a module has pure functions that
return the resources. The functions take their own options, the names, and the resources to which
they refer; they do not get the whole model and do not call each other.
"""
