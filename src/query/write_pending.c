/* write_pending.c - which listed files a plan may not read.
 *
 * Files of a write get their names one by one, and listings find them at once. A plan reads those
 * of a write all or not at all: none when the write's intent was stored after the plan's view of
 * the catalogue was opened, or is still there in that view. Whoever names a file has stored the
 * intent and entered the write here before, so whoever lists the file finds it here. Writes that
 * ended stay for a while, for plans with older views. */
#include "base/mem.h"
#include "query/write_int.h"
#include <stdlib.h>

#define KEEP_US (INT64_C(15) * 60 * 1000000) /* longer than any plan takes */

struct pending {
    struct pending *next;
    struct arena arena;
    char id[37];
    struct bytes *uris; /* in order */
    size_t count;
    uint64_t version; /* the catalogue's, from which on the intent was there */
    bool ended;
    int64_t ended_us;
};
struct write_pending {
    pthread_mutex_t lock;
    struct pending *first; /* under lock */
};

struct write_pending *write_pending_new(void) {
    struct write_pending *p = mem_calloc(1, sizeof *p);
    if (p)
        pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void drop(struct pending *w) {
    arena_clear(&w->arena);
    mem_free(w);
}

void write_pending_free(struct write_pending **pp) {
    struct write_pending *p = *pp;
    if (!p)
        return;
    while (p->first) {
        struct pending *w = p->first;
        p->first = w->next;
        drop(w);
    }
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
    *pp = NULL;
}

static int order(const void *a, const void *b) {
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

int write_pending_add(struct write_pending *p, const char *id, const struct bytes *uris,
                      size_t count, uint64_t version, struct err *e) {
    struct pending *w = mem_calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&w->arena, 0);
    memcpy(w->id, id, sizeof w->id);
    w->version = version;
    w->uris = ARENA_NEW_N(&w->arena, struct bytes, count + 1);
    for (size_t i = 0; w->uris && i < count; i++)
        w->uris[w->count++] = arena_copy(&w->arena, uris[i]);
    if (w->arena.failed) {
        drop(w);
        return err_set(e, ERR_NOMEM, NULL);
    }
    qsort(w->uris, w->count, sizeof *w->uris, order);
    pthread_mutex_lock(&p->lock);
    w->next = p->first;
    p->first = w;
    pthread_mutex_unlock(&p->lock);
    return 0;
}

void write_pending_end(struct write_pending *p, const char *id, int64_t now_us) {
    pthread_mutex_lock(&p->lock);
    for (struct pending **at = &p->first; *at;) {
        struct pending *w = *at;
        if (!w->ended && strcmp(w->id, id) == 0) {
            w->ended = true;
            w->ended_us = now_us;
        }
        if (w->ended && now_us - w->ended_us > KEEP_US) {
            *at = w->next;
            drop(w);
        } else {
            at = &w->next;
        }
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- the planner's side ---- */
/* Ids of writes that are entered; copies in the arena. */
static size_t ids_of(struct write_pending *p, struct arena *a, struct bytes **ret) {
    size_t count = 0, n = 0;
    pthread_mutex_lock(&p->lock);
    for (const struct pending *w = p->first; w; w = w->next)
        count++;
    *ret = count ? ARENA_NEW_N(a, struct bytes, count) : NULL;
    for (const struct pending *w = p->first; *ret && w; w = w->next)
        (*ret)[n++] = arena_copy(a, bytes_str(w->id));
    pthread_mutex_unlock(&p->lock);
    return n;
}

int plan_note_writes(struct plan *p, struct err *e) {
    struct bytes *ids = NULL;
    size_t n = p->service->pending ? ids_of(p->service->pending, &p->arena, &ids) : 0, kept = 0;
    int rc = p->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    p->view_version = catalog_view_version(p->view);
    for (size_t i = 0; !rc && i < n; i++) {
        bool there = false;
        rc = catalog_view_has_doc(p->view, WRITE_KIND, ids[i], &there, e);
        if (there)
            ids[kept++] = ids[i];
    }
    p->unwritten = ids;
    p->unwritten_count = kept;
    return rc;
}

static bool is_hidden(const struct plan *p, const struct pending *w) {
    if (w->version > p->view_version)
        return true;
    for (size_t i = 0; i < p->unwritten_count; i++)
        if (bytes_eq_str(p->unwritten[i], w->id))
            return true;
    return false;
}

static void hide(struct plan_scan *s, const struct pending *w) {
    size_t kept = 0;
    for (size_t i = 0; i < s->file_count; i++)
        if (!bsearch(&s->files[i].uri, w->uris, w->count, sizeof *w->uris, order))
            s->files[kept++] = s->files[i];
    s->file_count = kept;
}

void plan_hide_writes(struct plan *p, struct plan_scan *s) {
    struct write_pending *all = p->service->pending;
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    for (const struct pending *w = all->first; w; w = w->next)
        if (is_hidden(p, w))
            hide(s, w);
    pthread_mutex_unlock(&all->lock);
}
