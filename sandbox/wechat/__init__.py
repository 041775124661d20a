"""api.weixin.qq.com: login, access tokens, phone numbers, subscribe messages. 微信"""
