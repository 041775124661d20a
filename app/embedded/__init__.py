"""PostgreSQL and Valkey out of wheels, as our own children. 内嵌数据库与缓存

For development and tests: nothing has to be installed. A deployment gives addresses of servers of
its own instead. May import: app.processes.
"""
