/* reader.c - records of a range, from mapped segments.
 *
 * The parts of a view are walked in order. In each, frames must follow one another without a gap up
 * to the part's end_lsn: the view says they are durable, so anything else is damage, not the end.
 * Mappings stay until the reader is freed; that is what lets records point into them. */
#include "slog/reader.h"
#include "base/mem.h"
#include "slog/slog_int.h"
#include <sys/mman.h>

struct reader_part {
    char *path;
    struct bytes file;
    uint64_t epoch, first_lsn, end_lsn, offset;
};

struct slog_reader {
    uint64_t from, to;
    /* where the next record is */
    size_t part;
    uint64_t offset; /* of the next frame */
    uint64_t lsn;    /* of the next record in the open frame, or of the next frame */
    int64_t arrival_ms;
    struct record_cursor records;
    size_t count;
    struct reader_part parts[];
};

static int map_part(struct reader_part *p, struct bytes path, struct vfs *v, struct err *e) {
    struct seg_header h;
    p->path = mem_strndup(path.ptr, path.len);
    if (!p->path) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    int rc = seg_map(v, p->path, &p->file);
    if (rc < 0) {
        return err_set_errno(e, ERR_IO, -rc, "Cannot open the segment %s", p->path);
    }
    if (!seg_header_read(p->file, &h)) {
        return err_set(e, ERR_CORRUPT, "The segment %s has a damaged header.", p->path);
    }
    p->epoch = h.epoch;
    (void)madvise((void *)(uintptr_t)p->file.ptr, p->file.len, MADV_SEQUENTIAL);
    return 0;
}

static struct slog_reader *reader_alloc(size_t parts, uint64_t from, uint64_t to) {
    struct slog_reader *r = mem_calloc(1, sizeof(*r) + parts * sizeof(r->parts[0]));
    if (r) {
        r->from = from;
        r->to = to;
    }
    return r;
}

static int finish_new(int rc, struct slog_reader *r, struct slog_reader **ret) {
    if (rc < 0) {
        slog_reader_free(&r);
        return rc;
    }
    slog_reader_rewind(r);
    *ret = r;
    return 0;
}

int slog_reader_new_view(const struct slog_view *v, struct slog_reader **ret, struct err *e) {
    struct slog_reader *r = reader_alloc(v->count, v->from, v->to);
    int rc = r ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < v->count && rc == 0; i++) {
        struct reader_part *p = &r->parts[r->count++];
        p->first_lsn = v->parts[i].first_lsn;
        p->end_lsn = v->parts[i].end_lsn;
        p->offset = v->parts[i].offset;
        rc = map_part(p, bytes_str(v->parts[i].seg->path), v->log->slog->vfs, e);
    }
    return finish_new(rc, r, ret);
}

static bool get_u64(const struct json *j, const char *name, uint64_t *ret) {
    const struct json *found = json_get(j, name);
    return found && found->kind == JSON_NUMBER && bytes_to_u64(found->text, ret);
}

static int read_part(const struct json *j, struct reader_part *p, struct err *e) {
    struct bytes path = json_get_str(j, "path");
    if (!path.len || !get_u64(j, "first_lsn", &p->first_lsn) ||
        !get_u64(j, "end_lsn", &p->end_lsn) || !get_u64(j, "offset", &p->offset) ||
        p->offset < SEG_DATA_START) {
        return err_set(e, ERR_CORRUPT, "A part of the log view is malformed.");
    }
    return map_part(p, path, vfs_system(), e);
}

int slog_reader_new_json(const struct json *view, struct slog_reader **ret, struct err *e) {
    const struct json *parts = json_get(view, "parts");
    uint64_t from, to;
    if (!get_u64(view, "from", &from) || !get_u64(view, "to", &to) || !parts ||
        parts->kind != JSON_ARRAY) {
        return err_set(e, ERR_CORRUPT, "The log view lacks \"from\", \"to\" or \"parts\".");
    }
    struct slog_reader *r = reader_alloc(parts->count, from, to);
    int rc = r ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (const struct json *j = parts->first; j && rc == 0; j = j->next) {
        rc = read_part(j, &r->parts[r->count++], e);
    }
    return finish_new(rc, r, ret);
}

static void enter_part(struct slog_reader *r, size_t part) {
    r->part = part;
    r->records = (struct record_cursor){0};
    if (part < r->count) {
        r->offset = r->parts[part].offset;
        r->lsn = r->parts[part].first_lsn;
    }
}

void slog_reader_rewind(struct slog_reader *r) {
    enter_part(r, 0);
}

static int corrupt(const struct slog_reader *r, uint64_t offset, struct err *e) {
    return err_set(e, ERR_CORRUPT, "The segment %s is damaged at byte %llu, record %llu.",
                   r->parts[r->part].path, (unsigned long long)offset, (unsigned long long)r->lsn);
}

/* Opens the next frame; 1, 0 at the end of the range, ERR_CORRUPT. */
static int next_frame(struct slog_reader *r, struct err *e) {
    struct frame_header h;
    while (r->part < r->count && r->lsn >= r->parts[r->part].end_lsn) {
        enter_part(r, r->part + 1);
    }
    if (r->part >= r->count) {
        return 0;
    }
    const struct reader_part *p = &r->parts[r->part];
    if (!frame_peek(p->file, r->offset, p->epoch, &h) || h.first_lsn != r->lsn) {
        return corrupt(r, r->offset, e);
    }
    if (h.first_lsn + h.count <= r->from) { /* before the range: no need to look inside */
        r->lsn += h.count;
        r->offset += h.length;
        return 1;
    }
    if (!frame_verify(p->file, r->offset, &h)) {
        return corrupt(r, r->offset, e);
    }
    r->records = frame_records(p->file, r->offset, &h);
    r->arrival_ms = h.arrival_ms;
    r->offset += h.length;
    return 1;
}

int slog_reader_next(struct slog_reader *r, struct slog_record *ret, struct err *e) {
    struct record_view v;
    for (;;) {
        int more = record_next(&r->records, &v);
        if (more < 0) {
            return corrupt(r, r->offset, e);
        }
        if (more == 0) {
            more = next_frame(r, e);
            if (more <= 0) {
                return more;
            }
            continue;
        }
        uint64_t lsn = r->lsn++;
        if (lsn < r->from) {
            continue;
        }
        if (lsn >= r->to) {
            r->part = r->count;
            r->records = (struct record_cursor){0};
            return 0;
        }
        *ret = (struct slog_record){.lsn = lsn,
                                    .arrival_ms = r->arrival_ms,
                                    .shard = v.head.shard,
                                    .partition_key = v.key,
                                    .data = v.data};
        return 1;
    }
}

void slog_reader_free(struct slog_reader **reader) {
    struct slog_reader *r = *reader;
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        seg_unmap(&r->parts[i].file);
        mem_free(r->parts[i].path);
    }
    mem_free(r);
    *reader = NULL;
}
