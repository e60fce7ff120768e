"""The read model that sceptre_user_data describes, with the keys of readmodel.toml."""

from readmodel_cfn.sceptre import sceptre_handler as sceptre_handler
