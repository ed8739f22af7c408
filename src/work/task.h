/* task.h - what the front asks of a worker and what comes back: JSON messages.
 *
 * Framing on the socketpair, both ways: u32 little-endian length, then that many bytes of JSON.
 * Front to worker: {"id":n,"kind":"query"|"write"|"convert"|"facts"|"sniff"|"ping", ...} and
 * {"cancel":n}. Worker to front: {"id":n,"progress":{"rows":n}} any number of times, then one of
 * {"id":n,"ok":{...}} or
 * {"id":n,"error":{"code":int,"name":"...","text":"...","line":n,"column":n}}. Data never crosses
 * the socket; paths are absolute.
 *
 * kind "query": {
 *   "sql": DuckDB text with one result set,
 *   "views": [ {"name": identifier used in sql, "log": <slog view json>, "columns":
 *              [{"name","hive_type","json_key"}], "case_sensitive": bool, "dots_to_underscores":
 * bool, "partitions": [{"name","pattern"}] -- columns whose value is the record's arrival time in a
 * Java date pattern (schema/prefix.h) } ],
 *              -- log tails: each is a table function `name`() in the SQL; bad records are left out
 *   "columns": [ {"name", "type": Athena type text as in ColumnInfo.Type, "trino_type": full text }
 * ], "output": path of the finished result file, or null to write none, "tmp": path to write before
 * renaming, "format": "csv" | "txt", "limits": {"threads": n, "memory_mb": n, "timeout_ms": n},
 *   "profile": bool }
 *  ok: {"rows": n, "output_bytes": n, "engine_us": n, "etag": text, with profile also "profile":
 *   {"cpu_us": n, "operators": [{"name", "rows", "us", "children": [..]}]}}
 *
 * kind "write": the rows of one statement as files of a table, by partition {
 *   "sql", "views", "limits": as of "query"; the outputs are c0, c1, ..
 *   "columns": [ {"name", "type": DuckDB type, "key": name in JSON} ] -- partition columns last
 *   "keys": how many of them are partition columns, "max_partitions": n (with buckets: of both)
 *   "buckets": {"count": n, "columns": [index, ..]} -- absent: none
 *   "folder": a folder that does not exist yet, for the files,
 *   "format": "parquet" | "json" | "text", "compression": "gzip"|"zstd"|"snappy"|"uncompressed",
 *   "level": n (0: the default),
 *   "header": the first line of each file, "" for none; "separators": of text, eight characters,
 * "escape": one or "", "null": text } ok: {"rows": n, "engine_us": n, "files": [ {"path": in the
 * folder, "bytes": n, "etag", "values": [texts, one per key], "bucket": n, and of Parquet "rows":
 * n, "facts": {..}} ]} A partition may have several files. Files without rows are not left. They
 * are fsynced and carry their user.tarn attribute; names and places are the front's. On failure the
 * folder is removed.
 *
 * kind "convert": {
 *   "log": <slog view json>, "stream_epoch_ms": n (for sequence numbers, slog/sequence.h),
 *   "columns": [...as above], "case_sensitive","dots_to_underscores",
 *   "output": final path, "tmp": path, "error_output": final path, "error_tmp": path,
 *   "format": "parquet", "compression": "zstd"|"snappy"|"gzip"|"uncompressed",
 *   "row_group_rows": n, "parquet_version": 1|2 (of the format, 2 when absent), "error_context":
 * {..members merged in each error document..} } or "format": "raw" with "delimiter": text (records
 * concatenated), "compression". ok: {"rows": n, "bad": n, "bytes": n, "error_bytes": n, "etag": t,
 * "facts": <facts_json>} A file with no rows is not written (its "bytes" is 0). Files are fsynced
 * and renamed into place with their user.tarn attribute before ok is sent.
 *
 * kind "trino": {"url": "http://host:port", "catalog", "schema", "user", "source", "sql": Trino's
 * own text, "output", "tmp"} -> ok: {"rows", "output_bytes", "scanned_bytes", "engine_us",
 * "columns":
 *   [{"name","type": Trino's type text}]}: the statement runs on a Trino server (trino/trino.h)
 *
 * kind "facts": {"paths": [..]} -> ok: {"files": [{"path","rows","facts": <facts_json>}]} (Parquet)
 * kind "sniff": {"files": [{"path", "name": the key's last part, "size": bytes}],
 *   "csv":
 * [{"delimiter","quote","header":"PRESENT"|"ABSENT"|"UNKNOWN","names":[..],"single":bool}]}
 *              -- classifiers tried before the built-in ones; all members may be absent
 *  ok: {"files": [{"classification": "parquet"|"json"|"csv"|"UNKNOWN", "compression":
 * "none"|"gzip"| "zstd", "rows": n (estimated but for Parquet), "columns": [{"key": as in the file,
 * "type": Hive type}], csv: "delimiter", "quote": "" when none occurs, "skip": lines before the
 * data; UNKNOWN: "why"}]} in the order asked. Reads footers and samples only. kind "ping": {} -> ok
 * {}
 */
#ifndef TARN_WORK_TASK_H
#define TARN_WORK_TASK_H

#include "base/json.h"

#define TASK_MESSAGE_MAX (64u << 20)

enum task_kind {
    TASK_QUERY,
    TASK_WRITE,
    TASK_CONVERT,
    TASK_FACTS,
    TASK_SNIFF,
    TASK_TRINO,
    TASK_PING
};
const char *task_kind_name(enum task_kind k);

/* Blocking framed I/O with EINTR and short reads handled. read: 1 and the message appended to *out,
 * 0 at end of stream, negative ERR_*. */
int task_write(int fd, struct bytes json_text, struct err *e) WARN_UNUSED;
int task_read(int fd, struct buf *out, struct err *e) WARN_UNUSED;

#endif
