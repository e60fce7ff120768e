"""The article's sections, one module each, in its order.

data_store, writer, gateway_role, api, deployment, outputs. A module holds its options (a frozen
class whose defaults are the production choice) and pure functions that return the resources. The
functions take their own options, the names, and the resources they refer to; they never see the
whole model, nor each other.
"""
