"""The outside world on loopback: WeChat, WeChat Pay, Alipay, two registers and a bank. 沙箱

A second, independent reading of the protocols, with its own keys and its own book. It imports
nothing of the other packages; only `app` and tests may import it.
"""
