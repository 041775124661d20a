"""离线核验: checks offline codes and credentials of 掌上办 where there is no network.

A vendor of terminals may copy this folder as it is: it needs Python 3.11 and `cryptography`, and
imports nothing else of this repository. `python -m verifier --help` says how it is used.
"""
