"""Two SMS suppliers of different shapes, whose interface is ours to define. 短信网关

`docs/zh/sms-gateway.md` is the page both sides are written from.
"""
