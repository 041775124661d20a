"""The user's hand: what a resident does on their own phone. 用户的手机"""
