"""Why a rule is not taken at save, each with the place in the document."""

from core.errors import Rejected


class RuleRefused(Rejected):
    """`position` is where in the document, as in `rule.of[1].op`; `node` the id there, if any."""

    shown = ("position", "node")


class RuleTooLarge(RuleRefused):
    code = "proactive.rule_too_large"
    message = "规则条件过多，请拆分或精简"


class RuleTooDeep(RuleRefused):
    code = "proactive.rule_too_deep"
    message = "规则嵌套层数过多，请精简"


class RuleMalformed(RuleRefused):
    code = "proactive.rule_malformed"
    message = "规则此处内容不符合格式"


class RuleUnknownOperator(RuleRefused):
    code = "proactive.rule_unknown_operator"
    message = "规则此处使用了不支持的运算或条件类型"


class RuleUnknownParameter(RuleRefused):
    code = "proactive.rule_unknown_parameter"
    message = "规则此处引用了未定义的参数"


class RuleUnknownFact(RuleRefused):
    code = "proactive.rule_unknown_fact"
    message = "规则此处的数据项不在目录中，或不属于该类对象"


class RuleTypeMismatch(RuleRefused):
    code = "proactive.rule_type_mismatch"
    message = "规则此处的值或运算与数据项类型不符"


class RuleUnknownCode(RuleRefused):
    code = "proactive.rule_unknown_code"
    message = "规则此处的代码不存在"


class RuleOutOfRange(RuleRefused):
    code = "proactive.rule_out_of_range"
    message = "规则此处的数值或日期超出合理范围"


class RuleNeverTrue(RuleRefused):
    code = "proactive.rule_never_true"
    message = "规则此处的条件互相矛盾，永远不会满足"


class RuleDuplicateId(RuleRefused):
    code = "proactive.rule_duplicate_id"
    message = "规则此处的编号与其他条件重复"


class RuleUnitMismatch(RuleRefused):
    code = "proactive.rule_unit_mismatch"
    message = "金额此处的单位不一致"


class RuleBandsOverlap(RuleRefused):
    code = "proactive.rule_bands_overlap"
    message = "分档此处的起点须由低到高且不重复"
