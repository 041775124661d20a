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

CREATE TABLE unified_logins (
    code TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    nonce TEXT NOT NULL,
    challenge TEXT NOT NULL,
    acr TEXT NOT NULL,
    made_at TEXT NOT NULL,
    used_at TEXT,
    access_token TEXT UNIQUE
) STRICT;

CREATE TABLE access_tokens (
    token TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    classic INTEGER NOT NULL DEFAULT 0,  -- of cgi-bin/token
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
    price_fen INTEGER NOT NULL DEFAULT 0,  -- what it costs once
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
    error_code TEXT NOT NULL DEFAULT '0',  -- else it was taken, and did not arrive
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
    due_at TEXT,  -- when it goes on by itself, where it does
    PRIMARY KEY (mchid, out_bill_no)
) STRICT;

CREATE INDEX wechat_pay_transfers_due ON wechat_pay_transfers (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE wechat_pay_transfer_courses (
    number TEXT PRIMARY KEY,  -- out_bill_no, or * for all
    queued_seconds REAL NOT NULL,
    arriving_seconds REAL NOT NULL,
    fail_reason TEXT NOT NULL
) STRICT;

CREATE TABLE wechat_pay_refunds (
    mchid TEXT NOT NULL,
    out_refund_no TEXT NOT NULL,
    refund_id TEXT NOT NULL UNIQUE,
    transaction_id TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    person TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    total_fen INTEGER NOT NULL,
    reason TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    funds_account TEXT NOT NULL,
    channel TEXT NOT NULL,
    received_account TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PROCESSING', 'SUCCESS', 'ABNORMAL', 'CLOSED')),
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    ends_as TEXT,
    ended_at TEXT,
    success_at TEXT,
    PRIMARY KEY (mchid, out_refund_no),
    FOREIGN KEY (mchid, out_trade_no) REFERENCES wechat_pay_orders (mchid, out_trade_no),
    CHECK ((status = 'SUCCESS') = (success_at IS NOT NULL))
) STRICT;

CREATE INDEX wechat_pay_refunds_due ON wechat_pay_refunds (due_at) WHERE status = 'PROCESSING';
CREATE INDEX wechat_pay_refunds_order ON wechat_pay_refunds (mchid, out_trade_no);

CREATE TABLE wechat_pay_refund_endings (
    number TEXT PRIMARY KEY,  -- out_refund_no, or * for all
    ending TEXT NOT NULL CHECK (ending IN ('SUCCESS', 'ABNORMAL', 'CLOSED', 'PROCESSING'))
) STRICT;

CREATE TABLE wechat_pay_usage (
    mchid TEXT NOT NULL,
    api TEXT NOT NULL,
    began TEXT NOT NULL,  -- the second
    times INTEGER NOT NULL,
    PRIMARY KEY (mchid, api)
) STRICT;

CREATE TABLE wechat_pay_withdrawals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mchid TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    made_at TEXT NOT NULL
) STRICT;

CREATE TABLE wechat_pay_bill_tokens (
    token TEXT PRIMARY KEY,
    mchid TEXT NOT NULL,
    kind TEXT NOT NULL,
    part TEXT NOT NULL,
    bill_date TEXT NOT NULL,
    gzipped INTEGER NOT NULL,
    made_at TEXT NOT NULL
) STRICT;

CREATE TABLE wechat_pay_certificates (
    serial_no TEXT PRIMARY KEY,
    mchid TEXT NOT NULL,
    private_key_pem TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    effective_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    retired_at TEXT
) STRICT;

CREATE TABLE wechat_pay_signing (
    mchid TEXT PRIMARY KEY,
    mode TEXT NOT NULL CHECK (mode IN ('public_key', 'certificate', 'both')),
    public_key_share REAL NOT NULL CHECK (public_key_share BETWEEN 0 AND 1)
) STRICT;

CREATE TABLE wechat_pay_probes (
    mchid TEXT PRIMARY KEY,
    answers INTEGER NOT NULL CHECK (answers >= 0),
    callbacks INTEGER NOT NULL CHECK (callbacks >= 0)
) STRICT;

CREATE TABLE wechat_links (
    link TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'scheme', 'url_link')),
    appid TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    made_at TEXT NOT NULL,
    expires_at TEXT,
    opened INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE wechat_faces (
    verify_id TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    out_seq_no TEXT NOT NULL,
    openid TEXT NOT NULL,
    cert_name TEXT NOT NULL,
    cert_no TEXT NOT NULL,
    verify_ret INTEGER,
    queries INTEGER NOT NULL DEFAULT 0,
    made_at TEXT NOT NULL,
    shown_at TEXT,
    UNIQUE (appid, out_seq_no)
) STRICT;

CREATE TABLE wechat_push_urls (
    appid TEXT PRIMARY KEY,
    url TEXT NOT NULL
) STRICT;

CREATE TABLE wechat_quotas (
    api TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('minute', 'day')),
    most INTEGER NOT NULL,
    PRIMARY KEY (api, period)
) STRICT;

CREATE TABLE wechat_usage (
    api TEXT NOT NULL,
    subject TEXT NOT NULL,
    period TEXT NOT NULL,
    began TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (api, subject, period)
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
    state TEXT NOT NULL CHECK (
        state IN ('WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED', 'TRADE_FINISHED')
    ),
    refunded_fen INTEGER NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    paid_at TEXT,
    closed_at TEXT,
    PRIMARY KEY (seller_id, out_trade_no)
) STRICT;

CREATE INDEX alipay_trades_unpaid ON alipay_trades (expires_at) WHERE state = 'WAIT_BUYER_PAY';
CREATE INDEX alipay_trades_paid ON alipay_trades (paid_at) WHERE state = 'TRADE_SUCCESS';

CREATE TABLE alipay_refunds (
    trade_no TEXT NOT NULL REFERENCES alipay_trades (trade_no),
    out_request_no TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    reason TEXT NOT NULL,
    refunded_at TEXT NOT NULL,
    PRIMARY KEY (trade_no, out_request_no)
) STRICT;

CREATE TABLE alipay_transfers (
    seller_id TEXT NOT NULL,
    out_biz_no TEXT NOT NULL,
    order_id TEXT NOT NULL UNIQUE,
    pay_fund_order_id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    person TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    title TEXT NOT NULL,
    remark TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('DEALING', 'SUCCESS', 'FAIL', 'REFUND')),
    ends TEXT NOT NULL CHECK (ends IN ('SUCCESS', 'FAIL', 'REFUND')),
    created_at TEXT NOT NULL,
    done_at TEXT NOT NULL,
    PRIMARY KEY (seller_id, out_biz_no)
) STRICT;

CREATE INDEX alipay_transfers_due ON alipay_transfers (done_at) WHERE state = 'DEALING';

CREATE TABLE alipay_certifications (
    certify_id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    outer_order_no TEXT NOT NULL,
    cert_name TEXT NOT NULL,
    cert_no TEXT NOT NULL,
    passed TEXT CHECK (passed IN ('T', 'F')),
    fail_reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    decided_at TEXT,
    UNIQUE (app_id, outer_order_no)
) STRICT;

CREATE TABLE sms_messages (
    message_id TEXT PRIMARY KEY,
    supplier TEXT NOT NULL,
    request_id TEXT,  -- what makes sending idempotent, where the supplier knows such a thing
    phone TEXT NOT NULL,
    extension TEXT NOT NULL,
    text TEXT NOT NULL,
    parts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'delivered', 'failed')),
    error TEXT NOT NULL DEFAULT '',
    sent_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    UNIQUE (supplier, request_id)
) STRICT;

CREATE INDEX sms_messages_due ON sms_messages (due_at) WHERE state = 'sent';
CREATE INDEX sms_messages_phone ON sms_messages (phone, sent_at);

CREATE TABLE sms_replies (
    reply_id TEXT PRIMARY KEY,
    supplier TEXT NOT NULL,
    phone TEXT NOT NULL,
    extension TEXT NOT NULL,
    text TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT;

CREATE TABLE switches (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

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

CREATE TABLE licence_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- its place in the list
    registry TEXT NOT NULL,
    identifier TEXT NOT NULL,  -- of the licence as the city has it
    state TEXT NOT NULL,
    state_on TEXT NOT NULL,
    registered_on TEXT,  -- with what follows it: of a renewal
    valid_until TEXT,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX licence_changes_registry ON licence_changes (registry, number);

CREATE TABLE callbacks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,  -- whose ladder of retries: see courier.LADDERS
    merchant TEXT NOT NULL,  -- mchid, app_id or appid: whose key signs
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
