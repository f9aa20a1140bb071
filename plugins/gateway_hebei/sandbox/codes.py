"""The answers of the platform: their codes, HTTP statuses and sentences, in the order in which they are checked."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sandbox_host.inspection.results import Hindrance
from gateway.sandbox_host.platform.codes import RecordCode, RecordCodes, WholeCode, WholeCodes

HEADERS_MISSING = WholeCode("HB101", "401 Unauthorized", "请求头不完整，缺少：{what}")
REQUESTER_UNKNOWN = WholeCode("HB102", "401 Unauthorized", "请求方“{what}”未备案")
TIME_OUT_OF_WINDOW = WholeCode("HB103", "401 Unauthorized", "请求时间“{what}”超出允许范围，请校准时钟")
NONCE_SEEN = WholeCode("HB104", "401 Unauthorized", "随机数已使用，请换新的随机数重新签名")
SIGNATURE_WRONG = WholeCode("HB105", "401 Unauthorized", "签名不符：{what}")
BODY_TOO_LARGE = WholeCode("HB201", "413 Content Too Large", "数据包超过大小上限 {what} 字节")
NOT_XML = WholeCode("HB202", "200 OK", "不是可以受理的 XML：{what}")
NOT_VALID = WholeCode("HB203", "200 OK", "不符合 XSD：{what}")
COUNT_WRONG = WholeCode("HB204", "200 OK", "包头的记录数应为 {what}")
TOO_MANY_RECORDS = WholeCode("HB205", "200 OK", "记录数超过上限 {what} 条")
PACKAGE_REUSED = WholeCode("HB206", "200 OK", "包号“{what}”已用于另一份内容")
NO_SUCH_PATH = WholeCode("HB404", "404 Not Found", "没有此接口：{what}")
BUSY = WholeCode("HB901", "429 Too Many Requests", "系统繁忙，请稍后再送")
BROKEN = WholeCode("HB902", "500 Internal Server Error", "系统内部错误")

WHOLE = WholeCodes(
    headers_missing=HEADERS_MISSING,
    requester_unknown=REQUESTER_UNKNOWN,
    time_out_of_window=TIME_OUT_OF_WINDOW,
    nonce_seen=NONCE_SEEN,
    signature_wrong=SIGNATURE_WRONG,
    body_too_large=BODY_TOO_LARGE,
    batch_reused=PACKAGE_REUSED,
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
    NOT_XML,
    NOT_VALID,
    COUNT_WRONG,
    TOO_MANY_RECORDS,
    PACKAGE_REUSED,
    NO_SUCH_PATH,
    BUSY,
    BROKEN,
)

ALREADY_TAKEN = RecordCode("E01", "该版本此前已受理，不重复生效")
OLDER_VERSION = RecordCode("E02", "版本 {value} 早于已受理的版本 {allowed}")
NOTHING_TO_WITHDRAW = RecordCode("E03", "没有可撤销的记录")
DATA_MISSING = RecordCode("E04", "新增或变更的记录应有 Data")
CODE_UNKNOWN = RecordCode("E11", "{title}（{field}）的代码“{value}”不在代码表内：{allowed}")
USCC_WRONG = RecordCode("E12", "{title}（{field}）不是有效的统一社会信用代码：“{value}”")
OTHER_KEY = RecordCode("E13", "“{name}”已以数据标识“{holder}”登记")

# The order of §2.6; the blanks of these are task, target, department, inspectors and item.
HINDRANCES: Mapping[Hindrance, RecordCode] = {
    Hindrance.UNKNOWN_TASK: RecordCode("E31", "任务编号异常：没有任务“{task}”"),
    Hindrance.NOT_DRAWN_YET: RecordCode("E32", "任务“{task}”尚未抽取检查对象"),
    Hindrance.TARGET_NOT_DRAWN: RecordCode("E33", "检查对象“{target}”不在任务“{task}”的抽取名单内"),
    Hindrance.NOT_MATCHED: RecordCode(
        "E34", "单位“{department}”对检查对象“{target}”尚未匹配检查人员，或检查人员“{inspectors}”不在匹配名单内"
    ),
    Hindrance.RESULT_THERE: RecordCode(
        "E35", "任务“{task}”的检查对象“{target}”已有单位“{department}”的检查结果，不得重复录入"
    ),
    Hindrance.ITEM_NOT_LISTED: RecordCode("E36", "事项“{item}”不在单位“{department}”的随机抽查事项清单内"),
}

RECORD = RecordCodes(already_taken=ALREADY_TAKEN, older_version=OLDER_VERSION, nothing_to_withdraw=NOTHING_TO_WITHDRAW)
RECORD_CODES = (
    ALREADY_TAKEN,
    OLDER_VERSION,
    NOTHING_TO_WITHDRAW,
    DATA_MISSING,
    CODE_UNKNOWN,
    USCC_WRONG,
    OTHER_KEY,
    *HINDRANCES.values(),
)
