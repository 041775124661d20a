"""HTTP for machines: verifiers' terminals, agencies' systems, providers' callbacks. 机构端接口

One controller file per resource; every controller stands in `routes`.
"""
