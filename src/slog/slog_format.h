/* slog_format.h - the bytes of FORMAT.md. Pure functions over memory; nothing here does I/O. */
#ifndef TARN_SLOG_SLOG_FORMAT_H
#define TARN_SLOG_SLOG_FORMAT_H

#include "base/bytes.h"

#define SEG_MAGIC "TARNSEG1"
#define SEG_VERSION 1
#define SEG_DATA_START 4096u /* offset of the first frame */
#define FRAME_MAGIC 0x314d5246u
#define FRAME_CLOSE_BYTES 65536u
#define FRAME_MAX_BYTES (UINT32_C(1) << 30)
#define RECORD_FIRST_OF_APPEND 1

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the format is written as it is in memory");

struct seg_header {
    char magic[8];
    uint32_t version;
    uint32_t crc;
    uint64_t log_id;
    uint64_t epoch;
    uint64_t seq;
    uint64_t base_lsn;
    uint64_t size;
    int64_t created_ms;
};
static_assert(sizeof(struct seg_header) == 64, "layout");

struct frame_header {
    uint32_t magic;
    uint32_t crc;
    uint64_t epoch;
    uint32_t length;
    uint32_t count;
    uint64_t first_lsn;
    uint64_t committed_lsn;
    int64_t arrival_ms;
    uint32_t data_bytes;
    uint32_t prev_crc;
};
static_assert(sizeof(struct frame_header) == 56, "layout");

struct record_header {
    uint32_t data_len;
    uint32_t shard;
    uint16_t key_len;
    uint8_t flags;
    uint8_t zero;
};
static_assert(sizeof(struct record_header) == 12, "layout");

/* Fills magic, version and crc. */
void seg_header_seal(struct seg_header *h);
/* Reads and checks the header of a mapped segment. */
bool seg_header_read(struct bytes file, struct seg_header *ret) WARN_UNUSED;

/* Reads the header of a frame at `offset`: false unless magic and epoch match and its length and
 * count are possible within the file. The checksum is not looked at. */
bool frame_peek(struct bytes file, uint64_t offset, uint64_t epoch,
                struct frame_header *ret) WARN_UNUSED;
/* The checksum of a frame that frame_peek accepted. */
bool frame_verify(struct bytes file, uint64_t offset, const struct frame_header *h) WARN_UNUSED;

/* Walks the records of a verified frame. */
struct record_cursor {
    const char *at, *end;
    uint32_t left;
};
struct record_view {
    struct record_header head;
    struct bytes key, data;
};
struct record_cursor frame_records(struct bytes file, uint64_t offset,
                                   const struct frame_header *h);
/* 1 and a record, 0 at the end, -1 when malformed. */
int record_next(struct record_cursor *c, struct record_view *ret) WARN_UNUSED;

/* Offset (8-aligned, >= from) of the next place that bears `epoch` as a frame header does; the
 * file's length when there is none. */
uint64_t frame_find_epoch(struct bytes file, uint64_t from, uint64_t epoch);

#endif
