"""接口文档: the interface described for people, on pages that need no scripts and nothing from
elsewhere. Made from the OpenAPI document alone.
"""
