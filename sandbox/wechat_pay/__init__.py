"""api.mch.weixin.qq.com, API v3 of a direct merchant: orders, transfers, notices. 微信支付"""
