CREATE TABLE wallets (
    person TEXT NOT NULL,
    wallet TEXT NOT NULL CHECK (wallet IN ('wechat', 'alipay')),
    balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0),
    PRIMARY KEY (person, wallet)
) STRICT;

CREATE TABLE merchants (
    merchant TEXT PRIMARY KEY,  -- mchid, seller_id or debit account
    balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0)
) STRICT;

CREATE TABLE logins (
    code TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    person TEXT NOT NULL,
    appid TEXT NOT NULL,
    subject TEXT NOT NULL,
    session_key TEXT,
    made_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

CREATE TABLE access_tokens (
    token TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    forced INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE user_tokens (
    access_token TEXT PRIMARY KEY,
    refresh_token TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    person TEXT NOT NULL,
    issued_at TEXT NOT NULL
) STRICT;

CREATE TABLE phone_numbers (
    code TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    person TEXT NOT NULL,
    appid TEXT NOT NULL,
    made_at TEXT NOT NULL,
    used_at TEXT,
    calls INTEGER NOT NULL DEFAULT 0,
    cost_fen INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE consents (
    person TEXT NOT NULL,
    appid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    PRIMARY KEY (person, appid, template_id)
) STRICT;

CREATE TABLE messages (
    msgid INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    title TEXT NOT NULL,
    page TEXT NOT NULL,
    data TEXT NOT NULL,
    sent_at TEXT NOT NULL
) STRICT;

CREATE TABLE wechat_pay_orders (
    mchid TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    person TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    description TEXT NOT NULL,
    attach TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('NOTPAY', 'SUCCESS', 'CLOSED')),
    transaction_id TEXT UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    paid_at TEXT,
    closed_at TEXT,
    PRIMARY KEY (mchid, out_trade_no),
    CHECK ((state = 'SUCCESS') = (transaction_id IS NOT NULL))
) STRICT;

CREATE TABLE prepays (
    prepay_id TEXT PRIMARY KEY,
    mchid TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (mchid, out_trade_no) REFERENCES wechat_pay_orders (mchid, out_trade_no)
) STRICT;

CREATE TABLE wechat_pay_transfers (
    mchid TEXT NOT NULL,
    out_bill_no TEXT NOT NULL,
    transfer_bill_no TEXT NOT NULL UNIQUE,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    person TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    remark TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    request TEXT NOT NULL,
    package_info TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    fail_reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (mchid, out_bill_no)
) STRICT;

CREATE TABLE alipay_trades (
    seller_id TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    trade_no TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    person TEXT NOT NULL,
    buyer_open_id TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    passback_params TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED')),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    paid_at TEXT,
    closed_at TEXT,
    PRIMARY KEY (seller_id, out_trade_no)
) STRICT;

CREATE TABLE bank_transfers (
    reference TEXT PRIMARY KEY,
    slip_no TEXT NOT NULL UNIQUE,
    debit_account TEXT NOT NULL,
    account_no TEXT NOT NULL,
    account_name TEXT NOT NULL,
    bank_name TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    purpose TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'paid', 'returned')),
    return_reason TEXT,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE callbacks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL CHECK (provider IN ('wechat_pay', 'alipay')),
    merchant TEXT NOT NULL,  -- mchid or app_id: whose key signs
    event_type TEXT NOT NULL,
    number TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up', 'suppressed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL,
    last_status INTEGER,
    last_answer TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    delivered_at TEXT
) STRICT;

CREATE INDEX callbacks_due ON callbacks (next_at) WHERE state = 'pending';

CREATE TABLE suppressions (number TEXT PRIMARY KEY) STRICT;

CREATE TABLE nonces (
    owner TEXT NOT NULL,
    nonce TEXT NOT NULL,
    used_at TEXT NOT NULL,
    PRIMARY KEY (owner, nonce)
) STRICT;

CREATE INDEX nonces_old ON nonces (used_at);

CREATE TABLE calls (
    api TEXT NOT NULL,
    outcome TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (api, outcome)
) STRICT;
