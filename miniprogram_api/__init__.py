"""HTTP for mini-programs and apps: read the request, call one verb, shape the reply. 居民端接口

One controller file per resource; every controller stands in `routes`.
"""
