"""The composition root: the only package that reads settings and knows every other. 组装"""
