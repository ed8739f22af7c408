/* slog_format.c - see FORMAT.md. Structs are copied in and out with memcpy: a mapped file promises
 * nothing about its content, so every length is checked before it is used. */
#include "slog/slog_format.h"
#include "base/hash.h"

void seg_header_seal(struct seg_header *h) {
    memcpy(h->magic, SEG_MAGIC, sizeof(h->magic));
    h->version = SEG_VERSION;
    h->crc = 0;
    h->crc = crc32c(0, h, sizeof(*h));
}

bool seg_header_read(struct bytes file, struct seg_header *ret) {
    struct seg_header h;
    if (file.len < SEG_DATA_START) {
        return false;
    }
    memcpy(&h, file.ptr, sizeof(h));
    uint32_t crc = h.crc;
    h.crc = 0;
    if (memcmp(h.magic, SEG_MAGIC, sizeof(h.magic)) != 0 || h.version != SEG_VERSION ||
        crc32c(0, &h, sizeof(h)) != crc || h.size > file.len || h.size < SEG_DATA_START) {
        return false;
    }
    h.crc = crc;
    *ret = h;
    return true;
}

bool frame_peek(struct bytes file, uint64_t offset, uint64_t epoch, struct frame_header *ret) {
    struct frame_header h;
    if (offset > file.len || file.len - offset < sizeof(h)) {
        return false;
    }
    memcpy(&h, file.ptr + offset, sizeof(h));
    if (h.magic != FRAME_MAGIC || h.epoch != epoch || h.length % 8 != 0 || h.count == 0 ||
        h.first_lsn == 0 || h.length > file.len - offset || h.length < sizeof(h) ||
        h.count > (h.length - sizeof(h)) / sizeof(struct record_header)) {
        return false;
    }
    *ret = h;
    return true;
}

bool frame_verify(struct bytes file, uint64_t offset, const struct frame_header *h) {
    const size_t skip = offsetof(struct frame_header, epoch);
    return crc32c(0, file.ptr + offset + skip, h->length - skip) == h->crc;
}

struct record_cursor frame_records(struct bytes file, uint64_t offset,
                                   const struct frame_header *h) {
    const char *frame = file.ptr + offset;
    return (struct record_cursor){
        .at = frame + sizeof(*h), .end = frame + h->length, .left = h->count};
}

int record_next(struct record_cursor *c, struct record_view *ret) {
    struct record_header head;
    if (c->left == 0) {
        return 0;
    }
    if ((size_t)(c->end - c->at) < sizeof(head)) {
        return -1;
    }
    memcpy(&head, c->at, sizeof(head));
    const char *key = c->at + sizeof(head);
    if ((uint64_t)head.key_len + head.data_len > (uint64_t)(c->end - key)) {
        return -1;
    }
    ret->head = head;
    ret->key = bytes_of(key, head.key_len);
    ret->data = bytes_of(key + head.key_len, head.data_len);
    c->at = key + head.key_len + head.data_len;
    c->left--;
    return 1;
}

uint64_t frame_find_epoch(struct bytes file, uint64_t from, uint64_t epoch) {
    const uint64_t skip = offsetof(struct frame_header, epoch);
    for (uint64_t at = (from + 7) & ~UINT64_C(7); at + skip + 8 <= file.len; at += 8) {
        uint64_t word;
        memcpy(&word, file.ptr + at + skip, 8);
        if (word == epoch) {
            return at;
        }
    }
    return file.len;
}
