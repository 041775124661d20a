"""Licences 证照 in a holder's wallet, their presentation 亮证 and verification 核验.

May import identity, facts and core; knows nothing of messages, payments or HTTP.
"""
