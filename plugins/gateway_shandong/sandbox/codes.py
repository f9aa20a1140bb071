"""The answers of the platform: their codes, HTTP statuses and sentences, in the order in which they are checked."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sandbox_host.inspection.results import Hindrance
from gateway.sandbox_host.platform.codes import RecordCode, RecordCodes, WholeCode, WholeCodes

SUCCESS = WholeCode("0", "200 OK", "成功")

HEADERS_MISSING = WholeCode("A101", "401 Unauthorized", "请求头不完整，缺少：{what}")
REQUESTER_UNKNOWN = WholeCode("A102", "401 Unauthorized", "请求方“{what}”未登记")
TIME_OUT_OF_WINDOW = WholeCode("A103", "401 Unauthorized", "请求时间“{what}”超出允许范围，请校准时钟")
NONCE_SEEN = WholeCode("A104", "401 Unauthorized", "随机数已使用，请换新的随机数重新签名")
SIGNATURE_WRONG = WholeCode("A105", "401 Unauthorized", "签名不符：{what}")
BODY_TOO_LARGE = WholeCode("B201", "413 Content Too Large", "报文超过大小上限 {what} 字节")
NOT_JSON = WholeCode("B202", "200 OK", "报文不是有效的 UTF-8 JSON：{what}")
ENVELOPE_WRONG = WholeCode("B203", "200 OK", "报文结构不符：{what}")
TOO_MANY_RECORDS = WholeCode("B204", "200 OK", "记录数超过上限 {what} 条")
BATCH_REUSED = WholeCode("B205", "200 OK", "批次号“{what}”已用于另一份内容")
NO_SUCH_PATH = WholeCode("N404", "404 Not Found", "没有此接口：{what}")
BUSY = WholeCode("S901", "429 Too Many Requests", "系统繁忙，请稍后再送")
BROKEN = WholeCode("S902", "500 Internal Server Error", "系统内部错误")

WHOLE = WholeCodes(
    headers_missing=HEADERS_MISSING,
    requester_unknown=REQUESTER_UNKNOWN,
    time_out_of_window=TIME_OUT_OF_WINDOW,
    nonce_seen=NONCE_SEEN,
    signature_wrong=SIGNATURE_WRONG,
    body_too_large=BODY_TOO_LARGE,
    batch_reused=BATCH_REUSED,
    no_such_path=NO_SUCH_PATH,
    busy=BUSY,
    broken=BROKEN,
)
WHOLE_CODES = (
    HEADERS_MISSING,
    REQUESTER_UNKNOWN,
    TIME_OUT_OF_WINDOW,
    NONCE_SEEN,
    SIGNATURE_WRONG,
    BODY_TOO_LARGE,
    NOT_JSON,
    ENVELOPE_WRONG,
    TOO_MANY_RECORDS,
    BATCH_REUSED,
    NO_SUCH_PATH,
    BUSY,
    BROKEN,
)

RECORD_NAMES_WRONG = RecordCode("R101", "{title}（{field}）无效：“{value}”，应为{allowed}")
ALREADY_TAKEN = RecordCode("R102", "该版本此前已受理，不重复生效")
OLDER_VERSION = RecordCode("R103", "版本 {value} 早于已受理的版本 {allowed}")
NOTHING_TO_WITHDRAW = RecordCode("R104", "没有可撤回的记录")
FIELD_UNKNOWN = RecordCode("R201", "未登记的数据项：{field}")
REQUIRED = RecordCode("R202", "{title}（{field}）为必填项，不能为空")
NO_PLAIN_VALUE = RecordCode("R203", "{title}（{field}）应为文本或整数")
TOO_LONG = RecordCode("R204", "{title}（{field}）超过 {allowed} 个字符：“{value}”")
PATTERN = RecordCode("R205", "{title}（{field}）格式不符：“{value}”，应符合 {allowed}")
CODE_UNKNOWN = RecordCode("R206", "{title}（{field}）的代码“{value}”不在代码表内：{allowed}")
USCC_WRONG = RecordCode("R207", "{title}（{field}）不是有效的统一社会信用代码：“{value}”")

# The order of §2.6; the blanks of these are task, target, department, inspectors and item.
HINDRANCES: Mapping[Hindrance, RecordCode] = {
    Hindrance.UNKNOWN_TASK: RecordCode("R301", "任务编号异常：没有任务“{task}”"),
    Hindrance.NOT_DRAWN_YET: RecordCode("R302", "任务“{task}”还未抽取检查对象"),
    Hindrance.TARGET_NOT_DRAWN: RecordCode("R303", "任务“{task}”未抽中检查对象“{target}”"),
    Hindrance.NOT_MATCHED: RecordCode(
        "R304", "部门“{department}”对检查对象“{target}”还未匹配检查人员，或检查人员“{inspectors}”不在匹配名单内"
    ),
    Hindrance.RESULT_THERE: RecordCode(
        "R305", "任务“{task}”的检查对象“{target}”已有部门“{department}”的检查结果，不允许重复报送"
    ),
    Hindrance.ITEM_NOT_LISTED: RecordCode("R306", "事项“{item}”不在部门“{department}”的抽查事项清单内"),
}

RECORD = RecordCodes(already_taken=ALREADY_TAKEN, older_version=OLDER_VERSION, nothing_to_withdraw=NOTHING_TO_WITHDRAW)
RECORD_CODES = (
    RECORD_NAMES_WRONG,
    ALREADY_TAKEN,
    OLDER_VERSION,
    NOTHING_TO_WITHDRAW,
    FIELD_UNKNOWN,
    REQUIRED,
    NO_PLAIN_VALUE,
    TOO_LONG,
    PATTERN,
    CODE_UNKNOWN,
    USCC_WRONG,
    *HINDRANCES.values(),
)
