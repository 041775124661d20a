"""What the three HTTP packages share: bodies, problems, callers, pages, limits, uploads. 接口公共层

May import the domain packages and core; knows no route of its own but the description of them all.
"""
