/* baddoc.c - why a record is not in the table, with all that is needed to put it again. */
#include "duck/baddoc.h"

#include "slog/sequence.h"

static const char *code_of(enum decoder_reason reason) {
    return reason == DECODER_MALFORMED ? "DataFormatConversion.ParseError"
                                       : "DataFormatConversion.MalformedData";
}

void baddoc_write(const struct baddoc_context *c, const struct slog_record *r,
                  const struct decoder_fault *f, struct buf *out) {
    char sequence[SLOG_SEQUENCE_LEN + 1];
    struct jsonw w = jsonw_to(out);
    slog_sequence_text(c->stream_epoch_ms, r->shard, r->lsn, sequence);
    jsonw_object(&w);
    jsonw_kv_i64(&w, "attemptsMade", 1);
    jsonw_kv_i64(&w, "arrivalTimestamp", r->arrival_ms);
    jsonw_kv_cstr(&w, "lastErrorCode", code_of(f->reason));
    jsonw_kv_cstr(&w, "lastErrorMessage", f->text);
    jsonw_kv_i64(&w, "attemptEndingTimestamp", c->now_ms);
    jsonw_name(&w, "rawData");
    jsonw_base64(&w, r->data);
    jsonw_kv_cstr(&w, "sequenceNumber", sequence);
    jsonw_name(&w, "subSequenceNumber");
    jsonw_null(&w);
    if (f->column.len) {
        jsonw_kv_str(&w, "column", f->column);
    }
    JSON_FOR_EACH(member, c->error_context) {
        jsonw_name_bytes(&w, member->name);
        jsonw_tree(&w, member);
    }
    jsonw_end_object(&w);
    buf_add_char(out, '\n');
}
