/* fuzz_segment.c - a segment with any bytes behind a good header: the reader and the frame walk
 * stay inside the file. Checksums are put right first, so that the input gets past them. */
#include "base/hash.h"
#include "slog/reader.h"
#include "slog/slog_format.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EPOCH UINT64_C(0x4545454545454545) /* "EEEEEEEE" in the seeds */

static void put_checksums_right(char *file, size_t len) {
    struct frame_header h;
    struct bytes all = bytes_of(file, len);
    uint64_t at = SEG_DATA_START;
    while (frame_peek(all, at, EPOCH, &h)) {
        h.crc = crc32c(0, file + at + 8, h.length - 8);
        memcpy(file + at, &h, sizeof(h));
        at += h.length;
    }
}

static void walk(struct bytes file) {
    struct frame_header h;
    struct record_view r;
    uint64_t sum = 0;
    for (uint64_t at = SEG_DATA_START; at < file.len; at = frame_find_epoch(file, at + 1, EPOCH)) {
        if (frame_peek(file, at, EPOCH, &h)) {
            struct record_cursor c = frame_records(file, at, &h);
            while (record_next(&c, &r) == 1) {
                sum += crc32c(0, r.key.ptr, r.key.len) + crc32c(0, r.data.ptr, r.data.len);
            }
        }
    }
    if (sum == 42) {
        (void)fputs("", stdout); /* keeps the reads */
    }
}

static void read_all(struct arena *a, int fd) {
    struct slog_reader *r;
    struct slog_record rec;
    struct json *view;
    struct bytes text = arena_fmt(
        a,
        "{\"from\":1,\"to\":99999,\"parts\":[{\"path\":\"/proc/self/fd/%d\",\"first_lsn\":1,"
        "\"end_lsn\":99999,\"offset\":4096}]}",
        fd);
    if (json_parse(a, text, &view, NULL) != 0 || slog_reader_new_json(view, &r, NULL) != 0) {
        abort();
    }
    uint64_t sum = 0, last = 0;
    while (slog_reader_next(r, &rec, NULL) == 1) {
        sum += crc32c(0, rec.data.ptr, rec.data.len);
        if (rec.lsn <= last) {
            abort();
        }
        last = rec.lsn;
    }
    (void)sum;
    slog_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    size_t len = SEG_DATA_START + size;
    char *file = calloc(1, len);
    struct seg_header h = {.epoch = EPOCH, .seq = 1, .size = len}, got;
    seg_header_seal(&h);
    memcpy(file, &h, sizeof(h));
    if (size > 0) {
        memcpy(file + SEG_DATA_START, data, size);
    }
    put_checksums_right(file, len);
    walk(bytes_of(file, len));
    if (!seg_header_read(bytes_of(file, len), &got)) {
        abort();
    }
    if (size >= SEG_DATA_START) {
        (void)seg_header_read(bytes_of(data, size), &got);
    }
    int fd = memfd_create("segment", 0);
    if (fd >= 0 && write(fd, file, len) == (ssize_t)len) {
        arena_init(&a, 0);
        read_all(&a, fd);
        arena_clear(&a);
    }
    (void)close(fd);
    free(file);
    return 0;
}
