"""演示: ten journeys through the served product, by clients outside it, over HTTP only.

Nothing here reaches into a domain package: what a step claims is held against the sandbox's own
book of what happened outside.
"""
