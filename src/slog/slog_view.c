/* slog_view.c - pinned ranges. A view holds one pin on each segment it needs and one on the log, so
 * that neither trim nor delete takes a file away from a worker that was told its path. */
#include "base/json.h"
#include "base/mem.h"
#include "slog/slog_int.h"

static bool overlaps(const struct seg *seg, uint64_t from, uint64_t to) {
    return !seg->going && seg->end_lsn > seg->first_lsn && seg->end_lsn > from &&
           seg->first_lsn < to;
}

static void fill_part(struct view_part *part, struct seg *seg, uint64_t from, uint64_t to) {
    struct seg_index start = seg_floor_lsn(seg, from);
    seg->pins++;
    *part = (struct view_part){
        .seg = seg,
        .first_lsn = start.lsn,
        .end_lsn = MIN_OF(seg->end_lsn, to),
        .offset = start.offset,
    };
}

/* Caller holds lock. */
static void fill_view(struct slog_view *v, struct slog_log *l, uint64_t from, uint64_t to) {
    v->log = l;
    v->to = MIN_OF(to, l->next_lsn);
    v->from = MIN_OF(from, v->to);
    l->views++;
    for (size_t i = 0; i < l->seg_count; i++) {
        if (v->from < v->to && overlaps(l->segs[i], v->from, v->to)) {
            if (v->count == 0) {
                v->from = MAX_OF(v->from, l->segs[i]->first_lsn);
            }
            fill_part(&v->parts[v->count++], l->segs[i], v->from, v->to);
        }
    }
    if (v->count == 0) {
        v->from = v->to;
    }
}

int slog_view_new(struct slog_log *l, uint64_t from_lsn, uint64_t to_lsn, struct slog_view **ret,
                  struct err *e) {
    struct slog *s = l->slog;
    struct slog_view *v = NULL;
    bool deleted = false;
    size_t room = 0;
    for (;;) { /* again when segments were added in between */
        pthread_mutex_lock(&s->lock);
        deleted = l->deleted;
        if (deleted || (v && room >= l->seg_count)) {
            break;
        }
        room = l->seg_count + 4;
        pthread_mutex_unlock(&s->lock);
        mem_free(v);
        v = mem_calloc(1, sizeof(*v) + room * sizeof(v->parts[0]));
        if (!v) {
            return err_set(e, ERR_NOMEM, NULL);
        }
    }
    if (!deleted) {
        fill_view(v, l, from_lsn, to_lsn);
    }
    pthread_mutex_unlock(&s->lock);
    if (deleted) {
        mem_free(v);
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "The stream %s has been deleted.", l->name);
    }
    *ret = v;
    return 0;
}

void slog_view_free(struct slog_view **view) {
    struct slog_view *v = *view;
    if (!v) {
        return;
    }
    struct slog *s = v->log->slog;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < v->count; i++) {
        assert(v->parts[i].seg->pins > 0);
        v->parts[i].seg->pins--;
    }
    v->log->views--;
    if (v->log->deleted && v->log->views == 0) {
        slog_kick_filler(s);
    }
    pthread_mutex_unlock(&s->lock);
    mem_free(v);
    *view = NULL;
}

void slog_view_write_json(const struct slog_view *v, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_u64(&w, "from", v->from);
    jsonw_kv_u64(&w, "to", v->to);
    jsonw_name(&w, "parts");
    jsonw_array(&w);
    for (size_t i = 0; i < v->count; i++) {
        const struct view_part *part = &v->parts[i];
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "path", part->seg->path);
        jsonw_kv_u64(&w, "first_lsn", part->first_lsn);
        jsonw_kv_u64(&w, "end_lsn", part->end_lsn);
        jsonw_kv_u64(&w, "offset", part->offset);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}
