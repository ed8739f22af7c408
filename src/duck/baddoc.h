/* baddoc.h - Firehose's error documents: one JSON object per record that does not fit.
 * Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html */
#ifndef TARN_DUCK_BADDOC_H
#define TARN_DUCK_BADDOC_H

#include "base/json.h"
#include "schema/decoder.h"
#include "slog/reader.h"

struct baddoc_context {
    uint64_t stream_epoch_ms;
    int64_t now_ms;                   /* attemptEndingTimestamp */
    const struct json *error_context; /* members merged in; may be NULL */
};
/* Appends the document and a newline. */
void baddoc_write(const struct baddoc_context *c, const struct slog_record *r,
                  const struct decoder_fault *f, struct buf *out);

#endif
