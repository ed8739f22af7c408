/* prefix.h - Firehose's object prefixes, and what they say about partitions. Pure functions.
 *
 * Evaluates !{timestamp:PATTERN} (Java DateTimeFormatter letters y M d H m s S D e a, single-quoted
 * literals, '' for a quote) and !{firehose:...} in Prefix and ErrorOutputPrefix. All timestamps of
 * one object are one instant: the arrival of its oldest record.
 * Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
#ifndef TARN_SCHEMA_PREFIX_H
#define TARN_SCHEMA_PREFIX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

/* ERR_INVALID_ARGUMENT with AWS's rules: unknown namespace, unbalanced !{, partitionKey* and
 * error-output-type in the wrong place. */
int prefix_check(struct bytes prefix, bool is_error_prefix, struct err *e) WARN_UNUSED;
/* The folder part of the key, appended. Rules: no prefix gives yyyy/MM/dd/HH/; a prefix without
 * !{timestamp gets yyyy/MM/dd/HH/ appended. error_type such as "format-conversion-failed" (NULL for
 * a data prefix); an error prefix without !{firehose:error-output-type} gets "<type>/" before the
 * date path. */
int prefix_evaluate(struct bytes prefix, int64_t ms, const char *error_type, struct buf *out,
                    struct err *e) WARN_UNUSED;
/* First instant after `ms` at which the evaluated prefix can change (second, minute, hour, day,
 * month or year by the finest letter used); INT64_MAX when it never does. */
int64_t prefix_next_change(struct bytes prefix, int64_t ms);
/* One Java date pattern, such as yyyy/MM/dd/HH. */
int prefix_format_time(struct bytes pattern, int64_t ms, struct buf *out,
                       struct err *e) WARN_UNUSED;

/* Which Java date pattern gives each partition column its value:
 *  - a path segment `column=!{timestamp:P}` of the prefix; else
 *  - the table parameter tarn.partition.<column> (given in `params`, may be empty); else
 *  - one partition column: the whole timestamp path, "yyyy/MM/dd/HH" by default; else
 *  - as many partition columns as the timestamp path has segments: in order.
 * ret[i] is empty for all columns, and false returned, when none of this fits: such a delivery does
 * not register partitions and its table has no fresh tail. */
bool prefix_partition_patterns(struct arena *a, struct bytes prefix, const struct bytes *columns,
                               const struct bytes *params, size_t column_count,
                               struct bytes *ret) WARN_UNUSED;

#endif
