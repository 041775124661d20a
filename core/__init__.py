"""What every package may use and nothing here knows about. 公共基础

Time, money, errors, jobs, signatures, sealed fields, audit, human tasks. Imports none of our
packages.
"""
