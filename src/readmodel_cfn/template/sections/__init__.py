"""The options of each section of the template, each a table of readmodel.toml.

They load neither troposphere nor awacs, so that publishing starts fast; the module of the same name
one level up makes the resources.
"""
