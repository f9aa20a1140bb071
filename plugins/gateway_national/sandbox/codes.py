"""The answers of the publicity system: their codes, HTTP statuses and sentences."""

from __future__ import annotations

from gateway.sandbox_host.platform.codes import RecordCode, RecordCodes, WholeCode, WholeCodes

SUCCESS = WholeCode("0", "200 OK", "成功")

WHOLE = WholeCodes(
    headers_missing=WholeCode("A101", "401 Unauthorized", "请求头不完整，缺少：{what}"),
    requester_unknown=WholeCode("A102", "401 Unauthorized", "请求方“{what}”未登记"),
    time_out_of_window=WholeCode("A103", "401 Unauthorized", "请求时间“{what}”超出允许范围，请校准时钟"),
    nonce_seen=WholeCode("A104", "401 Unauthorized", "随机数已使用，请换新的随机数重新签名"),
    signature_wrong=WholeCode("A105", "401 Unauthorized", "签名不符：{what}"),
    body_too_large=WholeCode("B201", "413 Content Too Large", "报文超过大小上限 {what} 字节"),
    batch_reused=WholeCode("B205", "200 OK", "批次号“{what}”已用于另一份内容"),
    no_such_path=WholeCode("N404", "404 Not Found", "没有此接口：{what}"),
    busy=WholeCode("S901", "429 Too Many Requests", "系统繁忙，请稍后再送"),
    broken=WholeCode("S902", "500 Internal Server Error", "系统内部错误"),
)
NOT_JSON = WholeCode("B202", "200 OK", "报文不是有效的 UTF-8 JSON：{what}")
ENVELOPE_WRONG = WholeCode("B203", "200 OK", "报文结构不符：{what}")
TOO_MANY_RECORDS = WholeCode("B204", "200 OK", "记录数超过上限 {what} 条")

RECORD = RecordCodes(
    already_taken=RecordCode("R102", "该版本此前已受理，不重复生效"),
    older_version=RecordCode("R103", "版本 {value} 早于已受理的版本 {allowed}"),
    nothing_to_withdraw=RecordCode("R104", "没有可撤回的记录"),
)
RECORD_NAMES_WRONG = RecordCode("R101", "{field} 无效：“{value}”，应为{allowed}")
FIELD_UNKNOWN = RecordCode("R201", "未登记的数据项：{field}")
REQUIRED = RecordCode("R202", "{title}（{field}）为必填项，不能为空")
NO_PLAIN_VALUE = RecordCode("R203", "{title}（{field}）应为文本或整数")
TOO_LONG = RecordCode("R204", "{title}（{field}）超过 {allowed} 个字符：“{value}”")
PATTERN = RecordCode("R205", "{title}（{field}）格式不符：“{value}”，应符合 {allowed}")
CODE_UNKNOWN = RecordCode("R206", "{title}（{field}）的值“{value}”不在允许之列：{allowed}")
NO_OBJECTS = RecordCode("R208", "{field} 应为对象的列表")
NOT_CORRECTED = RecordCode("P301", "该结果已于流水号 {value} 公示，未经更正（{field}）不得变更")
NOT_TAKEN_BACK = RecordCode("P302", "该结果已于流水号 {value} 公示，不得撤回")
