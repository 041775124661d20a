"""openapi.alipay.com: the gateway, login, phone numbers, trades, notifications. 支付宝"""
