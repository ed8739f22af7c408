/* json_scan.h - reads JSON text in place, value by value, without a tree. Inside duck only.
 *
 * A scan stops at what it looks for, so that a document that is broken later does not matter, as in
 * Trino. Views point into the text. */
#ifndef TARN_DUCK_JSON_SCAN_H
#define TARN_DUCK_JSON_SCAN_H

#include "base/bytes.h"

#define JSON_SCAN_DEPTH 500

struct json_scan {
    struct bytes t;
    size_t at;
};
/* The kind of the value that starts here: one of { [ " 0 t f n, or 0 when there is none. */
char json_scan_kind(struct json_scan *s);
/* Past one value; *ret_value is its text. False when malformed. */
bool json_scan_value(struct json_scan *s, struct bytes *ret_value);
/* The same of a value within `depth` others, which count for JSON_SCAN_DEPTH. */
bool json_scan_value_in(struct json_scan *s, int depth, struct bytes *ret_value);
/* Into an object or array; false when it is empty (and then past it) or malformed (*ret_bad). */
bool json_scan_enter(struct json_scan *s, bool *ret_bad);
/* In an object, before each value: its name, still escaped and without quotes. */
bool json_scan_name(struct json_scan *s, struct bytes *ret_name);
/* After each value: true when another follows, false at the end (then past it) or when malformed.
 */
bool json_scan_next(struct json_scan *s, bool *ret_bad);
/* Only blanks are left. */
bool json_scan_end(struct json_scan *s);

/* Decodes a string's inside; false on a bad escape. */
bool json_unescape(struct bytes raw, struct buf *out);
/* Writes text as a JSON string, with quotes. */
void json_quote(struct bytes text, struct buf *out);
/* Writes a value compactly; `sorted`: members by name, the last of equal names. False when
 * malformed. */
bool json_compact(struct json_scan *s, struct buf *out, bool sorted);

#endif
