"""What reading and writing another system's database can say to a person."""

from __future__ import annotations

from gateway.messages import Message

WRONG_URL = Message(
    "sql.wrong_url",
    zh="数据库地址 url 的写法有误；应为 sqlite:///文件名，或如 postgresql://用户名@主机:端口/库名"
    "（mysql、oracle、mssql、dm、kingbase 写法相同）",
    en="the database url cannot be read; write sqlite:///FILE, or as in postgresql://USER@HOST:PORT/DATABASE "
    "(mysql, oracle, mssql, dm and kingbase are written alike)",
)
PASSWORD_IN_URL = Message(
    "sql.password_in_url",
    zh="数据库地址 url 中不能写密码；请把密码存为机密，并用 password: 机密名 引用",
    en="the database url must not hold a password; keep it as a secret and name that secret as password",
)
DRIVER_MISSING = Message(
    "sql.driver_missing",
    zh="读取 {kind} 需要的驱动没有安装；请运行 pip install 'double-random-gateway[{extra}]'",
    en="the driver that reads {kind} is not installed; run pip install 'double-random-gateway[{extra}]'",
)
UNREACHABLE = Message(
    "sql.unreachable",
    zh="无法连接数据库 {database}：{cause}；请检查地址、用户名、密码与权限",
    en="the database {database} cannot be reached: {cause}; check address, user, password and rights",
)
LOGIN_REFUSED = Message(
    "sql.login_refused",
    zh="数据库 {database} 拒绝登录：{cause}；请检查用户名、密码，以及是否允许从本机登录",
    en="the database {database} refuses the login: {cause}; check user and password, and whether this machine may "
    "log in",
)
NO_RIGHTS = Message(
    "sql.no_rights",
    zh="用户没有读取数据库 {database} 中所需内容的权限：{cause}；请让管理员授予 SELECT 权限",
    en="the user has no right to read what is asked of {database}: {cause}; have SELECT granted",
)
FAILED = Message(
    "sql.failed",
    zh="数据库 {database} 拒绝了读取：{cause}；请检查 SQL 与读取权限",
    en="the database {database} refused to be read: {cause}; check the SQL and the right to read",
)
NOT_READING = Message(
    "sql.not_reading",
    zh="query 只能是一条读取数据的语句（SELECT），数据库 {database} 中没有任何改动：{cause}",
    en="a query is one statement that only reads (SELECT), nothing was changed in {database}: {cause}",
)
NO_COLUMNS = Message(
    "sql.no_columns",
    zh="query 没有返回任何列；请写一条读取数据的语句（SELECT）",
    en="the query gives no columns; write one statement that reads (SELECT)",
)
UNKNOWN_SCHEMA = Message(
    "sql.unknown_schema",
    zh="数据库 {database} 中没有名为“{name}”的模式（schema）；最接近的是：{nearest}",
    en="there is no schema named {name!r} in {database}; the nearest are: {nearest}",
)
UNKNOWN_TABLE = Message(
    "sql.unknown_table",
    zh="数据库 {database} 中没有名为“{name}”的表或视图；最接近的是：{nearest}",
    en="there is no table or view named {name!r} in {database}; the nearest are: {nearest}",
)
UNKNOWN_COLUMN = Message(
    "sql.unknown_column",
    zh="{place} 中没有名为“{name}”的列；最接近的是：{nearest}",
    en="there is no column named {name!r} in {place}; the nearest are: {nearest}",
)
DOUBLED_COLUMNS = Message(
    "sql.doubled_columns",
    zh="{place} 中有重名的列：{columns}；请在 query 中用 AS 给每一列取不同的名称",
    en="{place} gives columns of one name: {columns}; name each of them apart by AS in the query",
)
RESERVED_COLUMN = Message(
    "sql.reserved_column",
    zh="{place} 中的列名“{column}”由网关保留，用来标明行号；请在 query 中用 AS 改名",
    en="the column name {column!r} in {place} is kept for the row's number; rename the column by AS in a query",
)
BINARY_COLUMNS = Message(
    "sql.binary_columns",
    zh="{place} 中的列存放的是二进制内容，不是文字：{columns}；请用 columns 只列出需要的列，或在 query 中转换成文字",
    en="columns of {place} hold bytes, not text: {columns}; list only the columns wanted, "
    "or turn them to text in a query",
)
CELL_NOT_TEXT = Message(
    "sql.cell_not_text",
    zh="列“{columns}”的内容不是 UTF-8 文字（{bytes}）；请在来源系统中改正，或在 query 中转换",
    en="the content of {columns} is not UTF-8 text ({bytes}); mend it in the source system or convert it in a query",
)
CELL_MISLABELLED = Message(
    "sql.cell_mislabelled",
    zh="列“{columns}”声明为西文字符集（latin1），存放的却是 GBK 文字：读出“{value}”，本应是“{meant}”；"
    "请在来源系统中改正；MariaDB/MySQL 可在 query 中写 CONVERT(CAST(列名 AS BINARY) USING gbk) AS 列名",
    en="the column {columns} is declared western (latin1) and holds text of GBK: {value!r} is read, {meant!r} meant; "
    "mend it in the source system, or in MariaDB/MySQL write CONVERT(CAST(name AS BINARY) USING gbk) AS name in a "
    "query",
)
MISSING_FILE = Message(
    "sql.missing_file",
    zh="数据库文件 {database} 不存在；请检查 url，网关不会新建文件",
    en="there is no database file {database}; check the url, the gateway never creates one",
)
NOT_SQLITE = Message(
    "sql.not_sqlite",
    zh="文件 {database} 不是 SQLite 数据库，或者已加密、已损坏",
    en="the file {database} is not a SQLite database, or it is encrypted or damaged",
)
INTERRUPTED_WRITING = Message(
    "sql.interrupted_writing",
    zh="数据库文件 {database} 带有未完成的写入，只读方式无法补全；"
    "请先用它自己的程序打开一次，或用 sqlite3 的 .backup 复制出完整的文件",
    en="the database file {database} was left in the midst of a write, which reading alone cannot complete; "
    "open it once with its own program, or take a whole copy with sqlite3's .backup",
)
CHANGED_WHILE_READ = Message(
    "sql.changed_while_read",
    zh="数据库文件 {database} 在读取过程中被修改，没有保存任何数据；请重新运行",
    en="the database file {database} was changed while it was read, nothing of it was stored; run again",
)
CURSOR_COLUMN = Message(
    "sql.cursor_column",
    zh="{place} 的列“{column}”是 {kind}，不能作增量读取的依据；请选用数字、日期时间或文字列",
    en="the column {column!r} of {place} is {kind} and cannot say what is new; name one of numbers, times or text",
)
CURSOR_NULLS = Message(
    "sql.cursor_nulls",
    zh="{place} 中有 {rows} 行的“{column}”为空，增量读取永远读不到；请补全，或写明 nulls: read（每次都读取这些行）",
    en="{rows} rows of {place} have no {column!r} and would never be read as new; fill it in, or say nulls: read to "
    "read them each time",
)
CURSOR_CHANGED = Message(
    "sql.cursor_changed",
    zh="上次读取的位置按“{before}”列记录，现在声明的是“{column}”；请用 --reset 从头读取，或改回原来的列",
    en="the position of the last reading is one of {before!r}, and {column!r} is declared now; read from the beginning "
    "by --reset or name the former column",
)
WRONG_POSITION = Message(
    "sql.wrong_position",
    zh="“{value}”不能与该列比较；数字列写数字，日期时间列写 2024-02-29 或 2024-02-29 08:30:00",
    en="{value!r} cannot be compared with that column; write a number, or a time as 2024-02-29 or 2024-02-29 08:30:00",
)
CURSOR_OUT_OF_ORDER = Message(
    "sql.cursor_out_of_order",
    zh="{place} 的列“{column}”是文字，数据库按文字排序，“10”排在“9”之前；其中有“{one}”和“{other}”，按它增量读取会漏行；"
    "请改用数字或日期时间列，或在 query 中用 CAST 转换成数字、日期时间",
    en="the column {column!r} of {place} is text, and its database orders texts with 10 before 9; among them are "
    "{one!r} and {other!r}, so rows would be missed; name a column of numbers or times, or turn it into one by CAST "
    "in a query",
)
WRONG_SINCE = Message(
    "sql.wrong_since",
    zh="--since 的“{value}”不能与增量列“{column}”比较；数字列写数字，日期时间列写存在的日期，如 2024-02-29 或 "
    "“2024-02-29 08:30:00”",
    en="--since {value!r} cannot be compared with the cursor {column!r}; write a number for a column of numbers, a "
    "date that exists for times, as 2024-02-29 or '2024-02-29 08:30:00'",
)
WRONG_LOOK_BACK = Message(
    "sql.wrong_look_back",
    zh="look_back 与列“{column}”不相配（{value}）；数字列写数字，日期时间列写时长，如 2 hours",
    en="look_back does not fit the column {column!r} ({value}); write a number for numbers, a time as 2 hours "
    "for times",
)

WRITE_REFUSED = Message(
    "sql.write_refused",
    zh="数据库 {database} 没有接受写入，没有任何改动：{cause}；请检查地址、表、权限与占用情况",
    en="the database {database} did not take what was to be written, nothing was changed: {cause}; check address, "
    "table, rights and who else holds it",
)
OUTCOME_UNKNOWN = Message(
    "sql.outcome_unknown",
    zh="数据库 {database} 没有确认提交：{cause}；结果未知，再次写入前会先查询",
    en="the database {database} did not confirm the commit: {cause}; the outcome is unknown and is asked about before "
    "anything is written again",
)
NOT_WRITTEN = Message(
    "sql.not_written",
    zh="数据库拒绝了表 {place} 的这一行：{cause}",
    en="the database refuses this row of {place}: {cause}",
)
OVERTAKEN = Message(
    "sql.overtaken",
    zh="版本 {value} 早于已写入的版本 {newest}，没有写入",
    en="version {value} is older than the version {newest} that was written, and was not written",
)
TABLE_NOT_AS_DECLARED = Message(
    "sql.table_not_as_declared",
    zh="数据库 {database} 的 {place} 没有“{name}”；最接近的是：{nearest}",
    en="{place} in {database} has no {name!r}; the nearest are: {nearest}",
)
NO_UNIQUE_KEY = Message(
    "sql.no_unique_key",
    zh="数据库 {database} 的表 {place} 没有以 {keys} 为全部列的主键或唯一约束，无法按键更新；请在表上建立，或更正 keys",
    en="the table {place} in {database} has no primary key or unique constraint on exactly {keys}, so rows cannot be "
    "replaced by key; add one or correct keys",
)

MESSAGES = (
    WRONG_URL,
    PASSWORD_IN_URL,
    DRIVER_MISSING,
    UNREACHABLE,
    LOGIN_REFUSED,
    NO_RIGHTS,
    FAILED,
    NOT_READING,
    NO_COLUMNS,
    UNKNOWN_SCHEMA,
    UNKNOWN_TABLE,
    UNKNOWN_COLUMN,
    DOUBLED_COLUMNS,
    RESERVED_COLUMN,
    BINARY_COLUMNS,
    CELL_NOT_TEXT,
    CELL_MISLABELLED,
    MISSING_FILE,
    NOT_SQLITE,
    INTERRUPTED_WRITING,
    CHANGED_WHILE_READ,
    CURSOR_COLUMN,
    CURSOR_NULLS,
    CURSOR_CHANGED,
    CURSOR_OUT_OF_ORDER,
    WRONG_SINCE,
    WRONG_POSITION,
    WRONG_LOOK_BACK,
    WRITE_REFUSED,
    OUTCOME_UNKNOWN,
    NOT_WRITTEN,
    OVERTAKEN,
    TABLE_NOT_AS_DECLARED,
    NO_UNIQUE_KEY,
)
