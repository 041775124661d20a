"""Fees 缴费 and payouts 拨付: orders, attempts, receipts, notices, postings, disbursements.

May import identity and core. What follows from a payment elsewhere is a job asked for by name.
"""
