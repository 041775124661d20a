"""种子数据: an invented city as data files, and the loader that puts it in by the domain's verbs.

It may import the domain packages and `web`; nothing but `app` imports it. The sandbox reads the
same `seeds/city`, so that both sides of every protocol agree about who exists.
"""
