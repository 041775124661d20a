"""HTTP for operators: another audience, other sessions, another router. 工作人员端接口

One controller file per resource; every controller stands in `routes`.
"""
