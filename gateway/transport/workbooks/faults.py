"""What is said of a file that is no workbook that can be read."""

from __future__ import annotations

from gateway.messages import Message

EMPTY = Message(
    "workbook.empty_file",
    zh="文件“{path}”是空的（0 字节）；请让对方重新发送",
    en="the file {path!r} is empty (0 bytes); have it sent again",
)
PASSWORD = Message(
    "workbook.password",
    zh="工作簿“{path}”设有打开密码，无法读取；请让对方取消密码后重新保存",
    en="the workbook {path!r} is protected by a password and cannot be read; have it saved without one",
)
OTHER_KIND = Message(
    "workbook.other_kind",
    zh="文件“{path}”不是 Excel 工作簿，其内容是{kind_zh}；请在 Excel 或 WPS 中打开，另存为“Excel 工作簿 (*.xlsx)”",
    en="the file {path!r} is no Excel workbook: its content is {kind}; open it in Excel or WPS and save it as .xlsx",
)
UNREADABLE = Message(
    "workbook.unreadable",
    zh="工作簿“{path}”已损坏，无法读取：{reason}；请让对方重新保存后发送",
    en="the workbook {path!r} is damaged and cannot be read: {reason}; have it saved again",
)
TOO_LARGE = Message(
    "workbook.too_large",
    zh="工作簿“{path}”展开后超过上限（{limit}），不予读取；请核对文件来源，或拆成几个文件",
    en="the workbook {path!r} exceeds the limit once it is unpacked ({limit}) and is not read; verify where it comes "
    "from, or split it",
)
UNNAMED_CELLS = Message(
    "workbook.unnamed_cells",
    zh="工作簿“{path}”的工作表“{sheet}”没有写明单元格位置，其中有无法读取的单元格；请在 Excel 或 WPS 中打开并重新保存",
    en="the sheet {sheet!r} of {path!r} does not name its cells, some of which cannot be read; open it in Excel or WPS "
    "and save it again",
)
MESSAGES = (EMPTY, PASSWORD, OTHER_KIND, UNREADABLE, TOO_LARGE, UNNAMED_CELLS)
