"""Who is using the service: persons 自然人, legal entities 法人, accounts 账号, sessions 会话.

Also those who serve: operators 工作人员 and verifiers 核验方. Imports only `core`.
"""
