/* slog_recover.c - what a restart finds in a log's folder. The rules are FORMAT.md's "Recovery".
 *
 * Pass 1 maps each segment in order and follows its frames. Pass 2 finds the active segment (the
 * last with frames), quarantines the damaged ones and cuts a torn tail. When the damaged one held
 * the last LSNs, a fresh segment that remembers them is made first, and only then the old one is
 * renamed. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

struct found {
    struct seg *seg; /* NULL: the header is unreadable */
    uint64_t seq;
    uint64_t base_lsn;
    uint64_t junk_end; /* frame headers of this epoch behind `used` end here; 0: none */
    uint64_t floor;    /* no LSN below may be given out again */
    const char *damage;
};

struct folder {
    struct slog_log *log;
    struct found *items;
    size_t count, cap;
    bool has_quarantine;
    int rc; /* negative errno */
};

/* ---- pass 1 ---- */

static bool parse_name(const char *name, uint64_t *ret_seq) {
    struct bytes text = bytes_str(name);
    return bytes_ends_with(text, BYTES(".seg")) &&
           bytes_to_u64(bytes_slice(text, 0, text.len - 4), ret_seq);
}

static int add_name(void *ctx, const char *name, bool is_dir) {
    struct folder *f = ctx;
    uint64_t seq;
    f->has_quarantine |= bytes_ends_with(bytes_str(name), BYTES(".quarantine"));
    if (!parse_name(name, &seq)) {
        return 0;
    }
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        struct found *grown = mem_realloc(f->items, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        f->items = grown;
        f->cap = cap;
    }
    f->items[f->count++] = (struct found){.seq = seq};
    return 0;
}

static int by_seq(const void *a, const void *b) {
    uint64_t x = ((const struct found *)a)->seq, y = ((const struct found *)b)->seq;
    return x < y ? -1 : x > y;
}

static void seg_path(const struct slog_log *l, uint64_t seq, char out[SLOG_PATH_MAX]) {
    (void)snprintf(out, SLOG_PATH_MAX, "%s/%010llu.seg", l->dir, (unsigned long long)seq);
}

static void take_frame(struct seg *seg, uint64_t at, const struct frame_header *h) {
    if (seg->used == SEG_DATA_START) {
        seg->first_lsn = h->first_lsn;
        seg->first_arrival_ms = h->arrival_ms;
    }
    seg_index_add(seg, (struct seg_index){h->first_lsn, h->arrival_ms, at});
    seg->end_lsn = h->first_lsn + h->count;
    seg->last_arrival_ms = h->arrival_ms;
    seg->last_crc = h->crc;
    seg->used = at + h->length;
}

/* Follows frames from the start while each continues the one before. */
static void follow_frames(struct bytes file, struct seg *seg, uint64_t expected) {
    struct frame_header h;
    seg->first_lsn = seg->end_lsn = expected;
    while (frame_peek(file, seg->used, seg->epoch, &h) && frame_verify(file, seg->used, &h)) {
        bool first = seg->used == SEG_DATA_START;
        bool continues = first ? h.first_lsn >= expected : h.first_lsn == seg->end_lsn;
        if (!continues || h.prev_crc != seg->last_crc) {
            break;
        }
        take_frame(seg, seg->used, &h);
    }
}

/* Looks behind the last good frame: damage, or a torn commit? */
static void judge_rest(struct bytes file, struct found *it) {
    struct frame_header h;
    struct seg *seg = it->seg;
    uint64_t at = frame_find_epoch(file, seg->used, seg->epoch);
    for (; at < file.len; at = frame_find_epoch(file, at + 8, seg->epoch)) {
        it->junk_end = MIN_OF(at + sizeof(h), file.len);
        if (frame_peek(file, at, seg->epoch, &h) && frame_verify(file, at, &h)) {
            it->floor = MAX_OF(it->floor, h.first_lsn + h.count);
            if (h.committed_lsn > seg->end_lsn) {
                it->damage = "a frame before acknowledged ones fails its checksum";
            }
        }
    }
}

/* A damaged header: at least its frames tell which LSNs were given out. */
static uint64_t floor_without_header(struct bytes file) {
    struct frame_header h;
    uint64_t floor = 0, epoch;
    if (file.len < SEG_DATA_START + sizeof(h)) {
        return 0;
    }
    memcpy(&epoch, file.ptr + SEG_DATA_START + offsetof(struct frame_header, epoch), 8);
    for (uint64_t at = SEG_DATA_START; epoch != 0 && at < file.len;
         at = frame_find_epoch(file, at + 8, epoch)) {
        if (frame_peek(file, at, epoch, &h) && frame_verify(file, at, &h)) {
            floor = MAX_OF(floor, h.first_lsn + h.count);
        }
    }
    return floor;
}

static int scan_one(struct slog_log *l, struct found *it, uint64_t expected) {
    char path[SLOG_PATH_MAX];
    struct seg_header h;
    struct bytes file;
    seg_path(l, it->seq, path);
    int rc = seg_map(l->slog->vfs, path, &file);
    if (rc < 0) {
        return rc;
    }
    if (!seg_header_read(file, &h) || h.seq != it->seq || (l->id != 0 && h.log_id != l->id)) {
        it->damage = "its header is damaged or belongs elsewhere";
        it->floor = floor_without_header(file);
        seg_unmap(&file);
        return 0;
    }
    l->id = h.log_id;
    it->base_lsn = h.base_lsn;
    it->seg = seg_new(path, &h);
    if (it->seg) {
        file.len = h.size;
        follow_frames(file, it->seg, MAX_OF(expected, h.base_lsn));
        it->floor = it->seg->end_lsn;
        judge_rest(file, it);
    }
    file.len = MAX_OF(file.len, h.size);
    seg_unmap(&file);
    return it->seg ? 0 : -ENOMEM;
}

static bool has_frames(const struct found *it) {
    return it->seg && it->seg->end_lsn > it->seg->first_lsn;
}

static int scan_all(struct folder *f) {
    uint64_t expected = 1;
    size_t last = SIZE_MAX; /* last with frames */
    for (size_t i = 0; i < f->count; i++) {
        struct found *it = &f->items[i];
        int rc = scan_one(f->log, it, expected);
        if (rc < 0) {
            return rc;
        }
        if (has_frames(it) && last != SIZE_MAX && it->seg->first_lsn > expected &&
            f->items[i - 1].seq + 1 == it->seq && !f->items[i - 1].damage) {
            f->items[last].damage = "acknowledged frames at its end are missing";
        }
        expected = MAX_OF(expected, it->floor);
        last = has_frames(it) ? i : last;
    }
    return 0;
}

/* ---- pass 2 ---- */

static int quarantine(struct slog_log *l, struct found *it) {
    char from[SLOG_PATH_MAX], to[SLOG_PATH_MAX + 16];
    struct vfs *v = l->slog->vfs;
    seg_path(l, it->seq, from);
    (void)snprintf(to, sizeof(to), "%s.quarantine", from);
    log_write(LOG_ERROR, "slog",
              "log %s: segment %s is damaged (%s); its records are not readable. It is kept as %s.",
              l->name, from, it->damage, to);
    int rc = v->ops->rename(v, from, to);
    rc = rc < 0 ? rc : vfs_sync_parent(v, to);
    seg_free(l->slog, &it->seg);
    return rc;
}

/* Keeps LSNs from being given out twice when damaged segments held the last ones. */
static int replace_damaged(struct folder *f, uint64_t next_lsn) {
    struct slog_log *l = f->log;
    struct slog *s = l->slog;
    bool damaged = f->count == 0;
    for (size_t i = 0; i < f->count; i++) {
        damaged |= f->items[i].damage != NULL;
    }
    if (!damaged) {
        return 0;
    }
    if (l->id == 0) {
        rand_bytes(&l->id, sizeof(l->id));
    }
    uint64_t seq = f->count ? f->items[f->count - 1].seq + 1 : 1;
    struct found fresh = {.seq = seq, .base_lsn = next_lsn, .floor = next_lsn};
    int rc = log_make_segment(l, seq, s->segment_bytes, false, next_lsn, &fresh.seg);
    if (rc < 0) {
        return rc;
    }
    fresh.seg->first_lsn = fresh.seg->end_lsn = next_lsn;
    rc = add_name(f, "0.seg", false);
    if (rc < 0) {
        seg_free(s, &fresh.seg);
        return rc;
    }
    f->items[f->count - 1] = fresh;
    for (size_t i = 0; i < f->count && rc == 0; i++) {
        if (f->items[i].damage) {
            rc = quarantine(l, &f->items[i]);
        }
    }
    return rc;
}

static int cut_torn_tail(struct slog_log *l, const struct found *it) {
    struct vfs *v = l->slog->vfs;
    struct seg *seg = it->seg;
    if (it->junk_end <= seg->used) {
        return 0;
    }
    log_write(LOG_INFO, "slog", "log %s: cut a torn commit behind record %llu", l->name,
              (unsigned long long)(seg->end_lsn - 1));
    int rc = slog_zero(v, seg->fd, seg->used, it->junk_end);
    return rc < 0 ? rc : v->ops->fdatasync(v, seg->fd);
}

static int open_for_writing(struct slog_log *l, struct seg *seg) {
    struct vfs *v = l->slog->vfs;
    if (seg->fd < 0) {
        int fd = v->ops->open(v, seg->path, O_RDWR, 0);
        if (fd < 0) {
            return fd;
        }
        seg->fd = fd;
    }
    return 0;
}

/* Index of the active segment: the last with frames. When the log goes on behind its end, because a
 * damaged one held the records between, the newest empty one, so that no segment has a gap inside.
 */
static size_t choose_active(const struct folder *f) {
    size_t first = SIZE_MAX, newest = SIZE_MAX, framed = SIZE_MAX;
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].seg) {
            first = first == SIZE_MAX ? i : first;
            newest = i;
            framed = has_frames(&f->items[i]) ? i : framed;
        }
    }
    if (framed == SIZE_MAX) {
        return f->log->next_lsn == 1 ? first : newest;
    }
    return f->items[framed].seg->end_lsn == f->log->next_lsn ? framed : newest;
}

/* Hands the segments over to the log: up to the active one, one prepared, the rest retired. */
static int adopt(struct folder *f) {
    struct slog_log *l = f->log;
    size_t active = choose_active(f);
    int rc = 0;
    for (size_t i = 0; i < f->count && rc == 0; i++) {
        struct found *it = &f->items[i];
        if (!it->seg) {
            continue;
        }
        bool keep = i == active || (i < active && has_frames(it));
        if (keep) {
            rc = log_push_seg(l, it->seg) ? 0 : -ENOMEM;
        } else if (i > active && !l->prepared) {
            rc = open_for_writing(l, it->seg);
            l->prepared = rc == 0 ? it->seg : NULL;
            keep = rc == 0;
        } else {
            rc = slog_retire_file(l->slog, it->seg->path, it->seg->size);
            seg_free(l->slog, &it->seg);
        }
        if (keep && rc == 0) {
            it->seg = i == active ? it->seg : NULL;
        }
    }
    if (rc < 0) {
        return rc;
    }
    struct found *it = &f->items[active];
    l->active = it->seg;
    rc = open_for_writing(l, it->seg);
    if (rc == 0) {
        rc = cut_torn_tail(l, it);
    }
    it->seg = NULL;
    return rc;
}

static int recover(struct folder *f) {
    struct slog_log *l = f->log;
    int rc = scan_all(f);
    for (size_t i = 0; i < f->count && rc == 0; i++) {
        const struct found *it = &f->items[i];
        l->next_lsn = MAX_OF(l->next_lsn, it->damage ? MAX_OF(it->floor, it->base_lsn)
                                                     : MAX_OF(it->base_lsn, it->seg->end_lsn));
        if (has_frames(it)) {
            l->last_arrival_ms = MAX_OF(l->last_arrival_ms, it->seg->last_arrival_ms);
        }
    }
    rc = rc < 0 ? rc : replace_damaged(f, l->next_lsn);
    rc = rc < 0 ? rc : adopt(f);
    if (rc == 0 && l->active->first_lsn == l->active->end_lsn) {
        l->active->first_lsn = l->active->end_lsn = l->next_lsn;
    }
    return rc;
}

int slog_recover_log(struct slog_log *l, bool *ret_empty, struct err *e) {
    struct folder f = {.log = l};
    int rc = vfs_list(l->slog->vfs, l->dir, add_name, &f);
    bool empty = rc == 0 && f.count == 0 && !f.has_quarantine;
    if (rc == 0 && !empty) {
        if (f.count > 0) {
            qsort(f.items, f.count, sizeof(*f.items), by_seq);
        }
        rc = recover(&f);
    }
    for (size_t i = 0; i < f.count; i++) {
        bool owned = false; /* by the log, when adopt stopped half-way */
        for (size_t k = 0; k < l->seg_count; k++) {
            owned |= l->segs[k] == f.items[i].seg;
        }
        if (!owned) {
            seg_free(l->slog, &f.items[i].seg);
        }
    }
    mem_free(f.items);
    if (rc < 0) {
        return rc == -ENOMEM ? err_set(e, ERR_NOMEM, NULL)
                             : err_set_errno(e, ERR_IO, -rc, "Cannot open the log %s", l->name);
    }
    *ret_empty = empty;
    return 0;
}
