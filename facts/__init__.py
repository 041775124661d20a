"""Shared facts about people and enterprises, as departments deliver them. 数据共享

Each fact has a definition in the catalogue (数据项), a source department (来源部门), the day it was
true and the moment we learned it. Values are appended, never changed, so that any past decision can
be replayed. May import identity and core.
"""
