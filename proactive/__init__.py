"""Benefits that come without an application. 免申即享

policy drafted → dry run → approved → published → matched → notified → confirmed → paid
起草 → 试算 → 审批 → 发布 → 匹配 → 告知 → 确认 → 兑付

May import payments, notifications, facts, identity and core; nothing imports it but the edge.
"""
