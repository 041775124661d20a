"""Telling people things 消息: an inbox, the consent they gave, and what was sent by which channel.

May import identity, facts and core; never who calls it. Values of a message hold no personal data.
"""
