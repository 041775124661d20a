"""Vectors the platforms publish in their documentation and libraries."""

# The demonstration key of the page about paySign on pay.weixin.qq.com, PKCS#8 DER.
DOCS_KEY = (
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCm2mb6q8gMKH/3CNTbpJAIrbqi"
    "BiQGEOtjGcBrDYltsGynWgNscqT7WvfzU14FQbYcQUC5T4Wvva7mi3fIp3OgX8VqMDNA0qebnr38"
    "Pe6kqiLyZgFpJPXlSKDyPyqhRbVTbXssvSMQeVKcdXeVxoNNeoOlNFHgF/P0io6AmAVnz+hN8SiZ"
    "KuOsth5/zUTLGvtkgxBcQooQrtXhRcpLT798OyIb9xeJ2HO3xRtMv2+perEzb4gMibI74UBz+2QE"
    "bnkubPE+2jU2rRZudnNEz/BPOt3Qj/w2V6/G0VumGDh6+UeMU0jv4aupHztWITC4Akn0l7lBCNy3"
    "lgl8VFaJnkIxAgMBAAECggEAYGL8aESB7NwciDWW2UdoWUsa7GxFtSdjAz2mFXGdeTsYmVh7b9OO"
    "kRGM+Qio4LqEHDBp1mMk5E/cUJwy1zw8pGGO5nfvs7u9TT3XnHaefIs4YvUgTYAneIuLRkXNN5rQ"
    "U+CD7mVYczTSz0Vgjqo9wa1LjUz7G0xbBmJgTdMEFGJseJjy6AbJo0CGIwp6HJbTm4CmOUgXnnDA"
    "IbEGTIRImkZFH/rzneIeR7oZ77FVwxr1CZB2gfRCov/yRPbw8vnryYkmvQ7D/ze3j5097vRg/MoD"
    "GBSdoOwcmo75vyofr0ASzytMjmHYyifqkf5slPropSiJeGf4p/7gtKyF6dE/XQKBgQDVAlJ+4U5Z"
    "VGOuDc3+sAhz8CTzgFNlq9vKuSoFK6hOz2L+cwj+E7NXGkOe2DsHHZNy2Xqxk7caKhPEp1z9hhpM"
    "pyLVMoFt6CKemyoRBWDCQwLLwem9SZF/IAyovBkLiH36P42Jm26gUkNMKC/5Zhtqxf6RZgRQzbVu"
    "dJi47vIRCwKBgQDIh0+v27Oo+DM3fhObH4I1NrXpWOEGH7OQG1dEsMuFYF4hjGhg0kBEP3w9vVdl"
    "2+mRllZKTsx9oqjb8OibPLLIH8xsdbAB0WLfJvjLu4wl/ILUzN1RI03dWnnv2EnEeQn6c3hizvrJ"
    "9wR5U4ue9RPVnQooJ0hZF1PUuCL5fWK3MwKBgElReU/PAYbh80WP3t3Rfbdaa32dKBeQ5iCLR5ls"
    "A4zM+YgX1HqQEWTj126vgvHaDkyz6vWAoL/Sx+cirHFfXWIRDX5Q2hgYlQH+6qXdMgbrxeSYpHnQ"
    "/tHBGFpkFELSAnrGsVMyOwvYBO4LzyeLK9i+ufcWJFoj1FVmsMLHDG8tAoGARdbiiQQCoYG4DMar"
    "O2aQ6cmhN6EN1h0qY7EyBqlwaIZ0okiNfdMcMOjPc41DKCWcRmlOqlihXcxN9TQFPzO3rH1urAOd"
    "BjUPs1qWYhZyrDQyuLyVBBJApyxAtajloDjrob+fmQIvVDHk7ACN6xG+E7K6+9salnTKbJapD618"
    "uQMCgYBNy6XUvzLkP/A1U/UZdtcxl8GwU/dturLxz4CyGbqDw4ubaYY2e13lnqHUqQgPtiSyH51n"
    "q3tdo8G0YAJdfkSvKvnfslW91fyEBUKnkdW1o3/1UFU/wprZ7ixVL/F42A4xDu7OFE8EnweJOZ0j"
    "WceEOdhCkaIGBCfRnlECRK8UyQ=="
)

PAY_SIGN = (
    "mI35pfNEQV6777ke/1T+LJLQDNTm7yeoUJH+j/adPGhmCCi0PbgkvYQTRcXH0uibcLVtvFLdGLpm"
    "oYO9FV6lBBsTAjuhh5YOvQi0e2g3e0yytitiNET9FEuqM0pjnKfRW4K6LIZDdbWJv9KhZUx3DrJa"
    "5TL7OJ7VdADVivxVySIlPVKjGwuCXzuXSJes0UcILgWQUMyha5/3nYofuHtS7r+KYyMuxD+oJ9VM"
    "1Qdxk4UIG59CP5Y3wtYIFybyF3bdu1caHTRRX+DLyMXyYA/IrTmiW01c4RPjpHBX5Dk1sZyY1zVs"
    "WNsvMHr2e1NTWtBxKJ+qk5N61J7caYoepHFaxw=="
)

PAY_SIGN_OF_APP = (
    "gXx9KhTP6IooKV1SuG3OCGlBIgZbKtubCZvnau6khw1iffvNT28IzLbKmztq2xA/RCNbZa1XOsoi"
    "uVmAEeTZQicWfhv4P+O4oBRIrx0X9f3cnWFkMBU9alTWs0nyQ1N9fcILOTe0f4kxOhVh+/Xhn5hO"
    "iUK7Sz3XA1mcpa3R2NCWf/e+0ow/RDf15iTymOHgDrEkT/gedg/3E0iXfDX3mFicSZhrHESZDOTX"
    "cl9RzELREBUFznd/o2NQM99WcL86m23HY0cTy+QGWU4QDmNrbQ9ihmLW71qPb0Cx/d7EQvw/Kyx0"
    "A6s64ZQp3hHdcmiRcLnjVXrKCk7LShaCK+lS3Q=="
)

POST_BODY = (
    '{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"Image形象店-深'
    '圳腾大-QQ公仔","out_trade_no":"1217752501201407033233368018","notify_url":"https:'
    '//www.weixin.qq.com/wxpay/pay.php","amount":{"total":100,"currency":"CNY"},"'
    'payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}'
)

POST_SIGNATURE = (
    "jnks4dlrPw3ZX+ozVvSK39oa0t7OMBsg83BHAwd8BRdUFiVaQNTLTvci+wURgP1OQBbKYhFGvt7i"
    "qYpDSTQkp7Uq1sltaQKyncCyrA1g88m5bsKERQfPyT0ahSwKTYJ1CAn9QiJuSJRq1QsQs07eehbU"
    "/k9BCS51jTyc1Jpsi2H77HF9f/BnjXAOP3/sPObg6V5Ee4EzwLox684hhuMuIwHo7D8KFk3LIHOK"
    "DcNI4It1aCXydFWNpNK+SG86VUDe5kwoDpw4Ulqfu9z8OFDGbDs9TCxEv8iqQzbpxOlEVoOe2kal"
    "SYM5kApQb3nZcxdUtoE0liJGW3RGUNE0t4v01A=="
)

ALIPAY_REQUEST = {
    "app_id": "2021000000000001",
    "method": "alipay.trade.create",
    "format": "JSON",
    "charset": "utf-8",
    "sign_type": "RSA2",
    "timestamp": "2026-01-01 12:00:00",
    "version": "1.0",
    "notify_url": "https://example.gov.cn/notify/alipay",
    "app_auth_token": "",
    "biz_content": (
        '{"out_trade_no":"T20260101000001","total_amount":"0.01","sub'
        'ject":"测试订单","product_code":"JSAPI_PAY","op_app_id":"2021000'
        '000000001","buyer_open_id":"074a1CcTG1LelxKe4xQC0zgNdId0nxi9'
        '5b5lsNpazWYoCo5"}'
    ),
}

ALIPAY_SIGNING_STRING = (
    'app_id=2021000000000001&biz_content={"out_trade_no":"T202601'
    '01000001","total_amount":"0.01","subject":"测试订单","product_co'
    'de":"JSAPI_PAY","op_app_id":"2021000000000001","buyer_open_i'
    'd":"074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"}&charse'
    "t=utf-8&format=JSON&method=alipay.trade.create&notify_url=ht"
    "tps://example.gov.cn/notify/alipay&sign_type=RSA2&timestamp="
    "2026-01-01 12:00:00&version=1.0"
)

ALIPAY_REQUEST_SIGN = (
    "BE0AjPEslqqZqh3bA3ou+Ve/ShjOrhf1rvShjNPu07pyUAc0RPu/vNm1AjsGyVW4eSst6ZHoGFg6"
    "PsFNYRZCjzUA+GsFKVJVDshHH47BxSdVjh7ytfN4XLfeLfYjW4FPF9+FfhBcKfYc3m7Ps05j147J"
    "9R+Begp0Od9CWZQE9/PkKHiHMc5xOF0b8xMq1pnsOakdr4RcsulF7mNqGxRzCWwFkwxMAmDTVsfE"
    "qekdCs4/9rTlejVZj3LUpaXTvWBU/+ZeOhMP5KqJH2hh+IKrA9B3o169bmokRYN1e6bn8baKtVsQ"
    "Gxg7KwieB92Zh9sAe+jOeE1qQ5hd3pbbxUacIQ=="
)
