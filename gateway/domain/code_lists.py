"""The closed vocabularies of the exchange model, each with its source."""

from __future__ import annotations

from gateway.domain.dataset import CodeList

TARGET_KINDS = CodeList(
    "target_kinds",
    "检查对象类别",
    {"enterprise": "市场主体", "product": "产品", "project": "项目", "conduct": "行为"},
    source="004§2, 003§10",
)

IDENTIFIER_SCHEMES = CodeList(
    "identifier_schemes",
    "标识类型",
    {
        "uscc": "统一社会信用代码",
        "registration_number": "15 位注册号",
        "organization_code": "组织机构代码",
        "resident_id": "公民身份号码",
        "local": "部门自编号",
    },
    source="GB 32100-2015, GS15-2006, GB 11714, GB 11643",
)

# The texts found in the registers of 山东 and 河北; registers write them out, so the text itself is the code.
ENTERPRISE_TYPES = CodeList(
    "enterprise_types",
    "企业类型",
    {
        text: text
        for text in (
            "个人独资企业",
            "集体分支机构(非法人)",
            "集体所有制",
            "集体经营单位(非法人)",
            "有限责任公司",
            "个体工商户",
            "普通合伙",
            "股份合作制",
            "国有企业",
            "个体",
            "私营企业",
            "外国(地区)企业常驻代表机构",
            "股份有限公司",
            "合伙企业",
            "经营单位(非法人)",
            "集体事业单位营业",
            "有限责任公司 国有企业",
            "股份制企业(非法人)",
            "国有经营单位(非法人)",
            "股份制",
            "有限合伙",
        )
    },
    source="登记数据中出现的企业类型（山东、河北）",
)

CURRENCIES = CodeList(
    "currencies",
    "币种",
    {
        "CNY": "人民币元",
        "USD": "美元",
        "HKD": "港元",
        "JPY": "日元",
        "EUR": "欧元",
        "GBP": "英镑",
        "SGD": "新加坡元",
    },
    source="GB/T 12406 (ISO 4217)",
)

REGISTRATION_STATES = CodeList(
    "registration_states",
    "登记状态",
    {
        "1": "存续（在营、开业、在册）",
        "2": "吊销，未注销",
        "3": "吊销，已注销",
        "4": "注销",
        "5": "撤销",
        "6": "迁出",
        "9": "其他",
    },
    source="CA19",
)

DEPARTMENT_LEVELS = CodeList(
    "department_levels",
    "部门层级",
    {"nation": "国家级", "province": "省级", "city": "市级", "county": "县级", "station": "所级"},
    source="standards.md §5.2",
)

ITEM_CLASSES = CodeList("item_classes", "事项类别", {"1": "一般检查事项", "2": "重点检查事项"}, source="003§9")

RESULT_VOCABULARIES = CodeList(
    "result_vocabularies",
    "检查结果填写方式",
    {"conclusions": "八种结论", "normal": "正常或不正常"},
    source="003§26, 001§11",
)

VALIDITY_STATES = CodeList("validity_states", "有效状态", {"1": "有效", "0": "失效"}, source="standards.md §5.2")

CERTIFICATE_KINDS = CodeList(
    "certificate_kinds",
    "证件类型",
    {"certificate": "行政执法证", "police": "警官证", "staff": "无证件（单位工号）"},
    source="000§10, 001§12, 003§21",
)

INSPECTOR_CATEGORIES = CodeList(
    "inspector_categories",
    "人员类别",
    {"civil": "行政执法类公务员", "qualified": "具有行政执法资格的工作人员", "daily": "从事日常监管工作的人员"},
    source="003§11, 003§21",
)

DRAW_TYPES = CodeList("draw_types", "抽查类型", {"1": "定向", "2": "不定向"}, source="003§15")

TASK_SOURCES = CodeList("task_sources", "任务来源", {"1": "临时任务", "2": "年度抽查计划"}, source="003§17")

TASK_STATES = CodeList(
    "task_states",
    "任务状态",
    {"created": "已创建", "drawn": "已抽取", "locked": "已锁定", "dispatched": "已派发", "finished": "已完成"},
    source="002§12, 004§12",
)

ASSIGNMENT_ROLES = CodeList(
    "assignment_roles", "检查人员角色", {"leader": "组长", "member": "组员", "assistant": "协助人员"}, source="003§20"
)

INSPECTION_METHODS = CodeList(
    "inspection_methods",
    "检查方式",
    {
        "1": "实地核查",
        "2": "书面检查",
        "3": "行政部门检查结果或专业意见",
        "4": "检验检测",
        "5": "网络监测",
        "6": "委托专业机构辅助",
    },
    source="standards.md §2.5",
)

CONCLUSIONS = CodeList(
    "conclusions",
    "检查结果",
    {
        "1": "未发现问题",
        "2": "通过登记的住所（经营场所）无法联系",
        "3": "未按规定公示应当公示的信息",
        "4": "公示信息隐瞒真实情况、弄虚作假",
        "5": "发现问题已责令改正",
        "6": "不予配合情节严重",
        "7": "发现问题待后续处理",
        "8": "其他情形",
    },
    source="003§26",
)

ITEM_OUTCOMES = CodeList("item_outcomes", "事项结果", {"normal": "正常", "abnormal": "不正常"}, source="001§11")

EVIDENCE_KINDS = CodeList(
    "evidence_kinds", "佐证材料类型", {"scan": "扫描件", "photo": "照片", "recording": "音像记录"}, source="003§30"
)
