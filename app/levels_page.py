"""The page that says which level each action of residents needs. 认证等级一览"""

from app.running import ROOT
from identity.kinds import Level
from identity.levels import FACE_LASTS
from web.levels import load_levels

PAGE = ROOT / "docs" / "zh" / "levels.md"
NAMES = {
    Level.NONE: "0 已登录",
    Level.PHONE: "1 手机号",
    Level.REAL_NAME: "2 实名（姓名与证件号码经人口库核对）",
    Level.FACE: f"3 人脸（{FACE_LASTS.days} 天内有效）",
}
HEAD = """# 认证等级

本页由 `make documents` 从 `web/levels.yaml` 生成，请勿手工修改。

等级不够时，所有接口都返回同一个错误：403 `identity.real_name_required`。
`details.needed` 是所需等级，`details.step` 是下一步：

- `phone`：绑定手机号，`PUT /v1/me/phone`
- `real_name`：实名，`PUT /v1/me/real-name`
- `face`：人脸，`POST /v1/me/face-checks`

没有列出的新接口一律按实名处理。
"""


def page() -> str:
    """The page, in Markdown."""
    levels, parts = load_levels(), [HEAD]
    for level in Level:
        routes = [route for route, needed in levels if needed is level]
        lines = "".join(f"- `{route}`\n" for route in routes) or "暂无。\n"
        parts.append(f"\n## {NAMES[level]}\n\n{lines}")
    return "".join(parts)
