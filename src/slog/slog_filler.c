/* slog_filler.c - the thread that does what the commit thread must not wait for: it zero-fills
 * segments into the pool, attaches the next one to logs that are half through theirs, and removes
 * the files of deleted logs. It works when kicked; after a failure it waits for the next kick. At
 * the end it outlives the commit thread, so that what that one deleted last is removed too. */
#include "base/log.h"
#include "base/mem.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <stdio.h>

void slog_kick_filler(struct slog *s) {
    s->filler_kicked = true;
    pthread_cond_signal(&s->filler_cond);
}

/* ---- deleted logs ---- */

struct removal {
    struct slog *slog;
    const char *dir;
    int rc;
};

static int remove_file(void *ctx, const char *name, bool is_dir) {
    struct removal *r = ctx;
    char path[SLOG_PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", r->dir, name);
    if (len >= (int)sizeof(path)) {
        r->rc = -ENAMETOOLONG;
    } else {
        int rc = r->slog->vfs->ops->unlink(r->slog->vfs, path);
        r->rc = r->rc < 0 ? r->rc : rc;
    }
    return 0;
}

int slog_remove_tree(struct slog *s, const char *dir) {
    struct removal r = {.slog = s, .dir = dir};
    int rc = vfs_list(s->vfs, dir, remove_file, &r);
    if (rc == -ENOENT) {
        return 0;
    }
    rc = rc < 0 ? rc : r.rc;
    return rc < 0 ? rc : s->vfs->ops->rmdir(s->vfs, dir);
}

/* A deleted log that nobody uses any more; taken off its files. Caller holds lock. */
static struct slog_log *find_dead(struct slog *s) {
    for (struct slog_log *l = s->deleted; l; l = l->next_log) {
        if (l->seg_count > 0 && l->views == 0 && !l->committing && !l->queued) {
            return l;
        }
    }
    return NULL;
}

/* Frees the segments and removes the folder; the struct itself stays until slog_close. */
static void bury(struct slog *s, struct slog_log *l) {
    pthread_mutex_lock(&s->lock);
    size_t count = l->seg_count;
    l->seg_count = 0;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        seg_free(s, &l->segs[i]);
    }
    seg_free(s, &l->prepared);
    mem_free(l->segs);
    l->segs = NULL;
    l->seg_cap = 0;
    int rc = slog_remove_tree(s, l->dir);
    if (rc < 0) {
        log_write(LOG_WARN, "slog", "cannot remove %s: %s; the next start will", l->dir,
                  strerror(-rc));
    }
}

/* ---- preparing ahead ---- */

/* Caller holds lock. */
static struct slog_log *find_hungry(struct slog *s) {
    for (struct slog_log *l = s->logs; l; l = l->next_log) {
        const struct seg *active = l->segs[l->seg_count - 1];
        if (!l->prepared && active->used > active->size / 2) {
            return l;
        }
    }
    return NULL;
}

/* One piece of work; 1 done, 0 none, negative errno. */
static int work_once(struct slog *s) {
    pthread_mutex_lock(&s->admin); /* keeps the logs in place */
    pthread_mutex_lock(&s->lock);
    struct slog_log *dead = find_dead(s);
    struct slog_log *hungry = find_hungry(s);
    bool fill = s->pool_count == 0 && (hungry || s->want_pool) && !s->stopping;
    bool stop = s->stopping;
    pthread_mutex_unlock(&s->lock);
    int rc = 0;
    if (dead) {
        bury(s, dead);
        rc = 1;
    }
    pthread_mutex_unlock(&s->admin);
    if (dead || stop) {
        return rc;
    }
    if (fill) { /* slow, so outside admin */
        rc = slog_fill_pool(s);
        return rc < 0 ? rc : 1;
    }
    if (!hungry) {
        return 0;
    }
    rc = log_prepare(hungry, 0);
    return rc < 0 && rc != -ENOENT ? rc : 1;
}

void *slog_filler_main(void *slog) {
    struct slog *s = slog;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        while (!s->filler_kicked && !s->filler_stop) {
            pthread_cond_wait(&s->filler_cond, &s->lock);
        }
        s->filler_kicked = false;
        bool stop = s->filler_stop;
        pthread_mutex_unlock(&s->lock);
        int rc;
        do {
            rc = work_once(s);
        } while (rc > 0);
        if (rc < 0) {
            log_write(LOG_WARN, "slog", "cannot prepare a segment ahead: %s", strerror(-rc));
        }
        if (stop) {
            return NULL;
        }
    }
}
