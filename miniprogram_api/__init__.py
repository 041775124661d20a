"""HTTP for mini-programs and apps: reads requests, calls one domain function, shapes the reply. 居民端接口

One controller file per resource; every controller stands in `routes`.
"""
