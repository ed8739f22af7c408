/* slog.c - logs come and go: open, close, create, delete.
 *
 * Creation is complete once the folder of the log, synced, holds a segment; a folder without one is
 * swept at the next start. Deletion first takes the name away durably (rename to =trash, or, while
 * a view pins the files, a marker beside them), then the filler removes files when it can. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define NAME_MAX_LEN 160

/* ---- log structs ---- */

struct slog_log *slog_log_new(struct slog *s, const char *name, const char *folder) {
    struct slog_log *l = mem_calloc(1, sizeof(*l));
    char *name_copy = mem_strndup(name, strlen(name));
    char *dir = mem_calloc(1, strlen(s->dir) + strlen(folder) + 2);
    if (!l || !name_copy || !dir) {
        mem_free(l);
        mem_free(name_copy);
        mem_free(dir);
        return NULL;
    }
    (void)sprintf(dir, "%s/%s", s->dir, folder);
    l->slog = s;
    l->name = name_copy;
    l->dir = dir;
    l->next_lsn = 1;
    l->queue_tail = &l->queue_head;
    l->work_tail = &l->work;
    return l;
}

void slog_log_free(struct slog_log **log) {
    struct slog_log *l = *log;
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->seg_count; i++) {
        assert(l->segs[i]->pins == 0); /* views are freed before slog_close */
        seg_free(l->slog, &l->segs[i]);
    }
    seg_free(l->slog, &l->prepared);
    mem_free(l->segs);
    mem_free(l->pending);
    mem_free(l->name);
    mem_free(l->dir);
    mem_free(l);
    *log = NULL;
}

const char *slog_log_name(const struct slog_log *l) {
    return l->name;
}

/* ---- open ---- */

/* The log's name from a folder's name: without "=" before a leading dot and without "%n". */
static bool folder_to_name(const char *folder, char name[NAME_MAX_LEN + 1]) {
    const char *from = folder[0] == '=' && folder[1] == '.' ? folder + 1 : folder;
    size_t len = strcspn(from, "%");
    if (from[0] == '=' || len == 0 || len > NAME_MAX_LEN) {
        return false;
    }
    memcpy(name, from, len);
    name[len] = '\0';
    return true;
}

struct opening {
    struct slog *slog;
    struct err *e;
    int rc;
};

static bool has_file(struct slog *s, const char *dir, const char *name) {
    char path[SLOG_PATH_MAX];
    struct vfs_stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return s->vfs->ops->stat(s->vfs, path, &st) == 0;
}

static int open_log(struct slog *s, const char *name, const char *folder, struct err *e) {
    bool empty = false;
    struct slog_log *l = slog_log_new(s, name, folder);
    if (!l) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    bool dead = has_file(s, l->dir, "deleted");
    int rc = dead ? 0 : slog_recover_log(l, &empty, e);
    if (rc == 0 && (dead || empty)) {
        rc = slog_remove_tree(s, l->dir);
        rc = rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot remove %s", l->dir) : 0;
        slog_log_free(&l);
        return rc;
    }
    if (rc == 0 && slog_find(s, name)) {
        rc = err_set(e, ERR_CORRUPT, "Two folders claim the log %s; move %s away.", name, l->dir);
    }
    if (rc < 0) {
        slog_log_free(&l);
        return rc;
    }
    l->next_log = s->logs;
    s->logs = l;
    return 0;
}

static int open_folder(void *ctx, const char *folder, bool is_dir) {
    struct opening *o = ctx;
    char name[NAME_MAX_LEN + 1], path[SLOG_PATH_MAX];
    if (!is_dir) {
        return 0;
    }
    if (strncmp(folder, "=trash.", 7) == 0) {
        (void)snprintf(path, sizeof(path), "%s/%s", o->slog->dir, folder);
        int rc = slog_remove_tree(o->slog, path);
        if (rc < 0) {
            log_write(LOG_WARN, "slog", "cannot remove %s: %s", path, strerror(-rc));
        }
    } else if (folder_to_name(folder, name)) {
        o->rc = open_log(o->slog, name, folder, o->e);
    }
    return o->rc < 0;
}

/* Adopts whole files, removes what was being made. */
static int adopt_pooled(void *ctx, const char *name, bool is_dir) {
    struct slog *s = ctx;
    char path[SLOG_PATH_MAX];
    struct vfs_stat st;
    (void)snprintf(path, sizeof(path), "%s/=pool/%s", s->dir, name);
    int rc = s->vfs->ops->stat(s->vfs, path, &st);
    bool whole = rc == 0 && !st.is_dir && st.size_bytes == s->segment_bytes;
    char *copy = whole && s->pool_count < SLOG_POOL_MAX ? mem_strndup(path, strlen(path)) : NULL;
    if (copy) {
        s->pool[s->pool_count++] = copy;
    } else {
        (void)s->vfs->ops->unlink(s->vfs, path);
    }
    return 0;
}

static int open_dir(struct slog *s, struct err *e) {
    char pool[SLOG_PATH_MAX];
    struct opening o = {.slog = s, .e = e};
    int len = snprintf(pool, sizeof(pool), "%s/=pool", s->dir);
    if (len >= (int)sizeof(pool) - 64) {
        return err_set(e, ERR_INVALID_ARGUMENT, "The path %s is too long.", s->dir);
    }
    int rc = vfs_mkdirs(s->vfs, pool, e);
    if (rc < 0) {
        return rc;
    }
    rc = vfs_list(s->vfs, pool, adopt_pooled, s);
    if (rc >= 0) {
        rc = vfs_list(s->vfs, s->dir, open_folder, &o);
    }
    if (o.rc < 0) {
        return o.rc;
    }
    return rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot list %s", s->dir) : 0;
}

static int start_threads(struct slog *s, struct err *e) {
    int rc = pthread_create(&s->commit_thread, NULL, slog_commit_main, s);
    s->commit_started = rc == 0;
    if (rc == 0) {
        rc = pthread_create(&s->filler_thread, NULL, slog_filler_main, s);
        s->filler_started = rc == 0;
    }
    return rc ? err_set_errno(e, ERR_INTERNAL, rc, "Cannot start a thread") : 0;
}

int slog_open(const struct slog_options *o, struct slog **ret, struct err *e) {
    struct slog *s = mem_calloc(1, sizeof(*s));
    if (!s) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    s->vfs = o->vfs;
    s->clock = o->clock;
    s->dir = mem_strndup(o->dir, strlen(o->dir));
    uint64_t wanted = o->segment_bytes ? o->segment_bytes : MIB(32);
    s->segment_bytes = (MAX_OF(wanted, KIB(64)) + 4095) & ~UINT64_C(4095);
    s->queue_limit = o->queue_bytes ? o->queue_bytes : MIB(256);
    s->committed = o->committed;
    s->committed_ctx = o->committed_ctx;
    s->dirty_tail = &s->dirty;
    uint32_t start;
    rand_bytes(&start, sizeof(start)); /* pool names need not be in order, but new */
    s->next_pool_number = start;
    pthread_mutex_init(&s->admin, NULL);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work_cond, NULL);
    pthread_cond_init(&s->filler_cond, NULL);
    int rc = s->dir ? open_dir(s, e) : err_set(e, ERR_NOMEM, NULL);
    if (rc == 0) {
        rc = start_threads(s, e);
    }
    if (rc < 0) {
        slog_close(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

static void stop_threads(struct slog *s) {
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->work_cond);
    pthread_mutex_unlock(&s->lock);
    if (s->commit_started) {
        pthread_join(s->commit_thread, NULL);
    }
    pthread_mutex_lock(&s->lock);
    s->filler_stop = true;
    pthread_cond_broadcast(&s->filler_cond);
    pthread_mutex_unlock(&s->lock);
    if (s->filler_started) {
        pthread_join(s->filler_thread, NULL);
    }
}

static void free_logs(struct slog_log *l) {
    while (l) {
        struct slog_log *next = l->next_log;
        slog_log_free(&l);
        l = next;
    }
}

void slog_close(struct slog **slog) {
    struct slog *s = *slog;
    if (!s) {
        return;
    }
    stop_threads(s);
    free_logs(s->logs);
    free_logs(s->deleted);
    for (size_t i = 0; i < s->pool_count; i++) {
        mem_free(s->pool[i]);
    }
    buf_clear(&s->write_buf);
    pthread_mutex_destroy(&s->admin);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work_cond);
    pthread_cond_destroy(&s->filler_cond);
    mem_free(s->dir);
    mem_free(s);
    *slog = NULL;
}

/* ---- create ---- */

static bool name_is_valid(const char *name) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MAX_LEN && strspn(name, allowed) == len;
}

/* A folder name that is free; deleted namesakes may still be there. */
static int choose_folder(struct slog *s, const char *name, char out[NAME_MAX_LEN + 24]) {
    const char *mark = name[0] == '.' ? "=" : "";
    (void)snprintf(out, NAME_MAX_LEN + 24, "%s%s", mark, name);
    for (unsigned n = 2; has_file(s, s->dir, out); n++) {
        if (n > 1000) {
            return -EEXIST;
        }
        (void)snprintf(out, NAME_MAX_LEN + 24, "%s%s%%%u", mark, name, n);
    }
    return 0;
}

static int create_files(struct slog_log *l) {
    struct vfs *v = l->slog->vfs;
    struct seg *seg;
    uint64_t size = MIN_OF(l->slog->segment_bytes, SLOG_FIRST_SEGMENT_BYTES);
    rand_bytes(&l->id, sizeof(l->id));
    int rc = v->ops->mkdir(v, l->dir, 0777);
    if (rc < 0) {
        return rc;
    }
    rc = log_make_segment(l, 1, size, true, 1, &seg);
    if (rc == 0) {
        seg->first_lsn = seg->end_lsn = 1;
        l->active = seg;
        rc = log_push_seg(l, seg) ? 0 : -ENOMEM;
        if (rc < 0) {
            seg_free(l->slog, &seg);
        }
    }
    if (rc == 0) {
        rc = vfs_sync_parent(v, l->dir);
    }
    if (rc < 0) {
        (void)slog_remove_tree(l->slog, l->dir);
    }
    return rc;
}

static int create_locked(struct slog *s, const char *name, struct slog_log **ret, struct err *e) {
    char folder[NAME_MAX_LEN + 24];
    if (slog_find(s, name)) {
        return err_set(e, ERR_RESOURCE_IN_USE, "The log %s exists already.", name);
    }
    int rc = choose_folder(s, name, folder);
    struct slog_log *l = rc == 0 ? slog_log_new(s, name, folder) : NULL;
    if (rc == 0) {
        rc = l ? create_files(l) : -ENOMEM;
    }
    if (rc < 0) {
        slog_log_free(&l);
        return rc == -ENOMEM ? err_set(e, ERR_NOMEM, NULL)
                             : err_set_errno(e, ERR_IO, -rc, "Cannot create the log %s", name);
    }
    pthread_mutex_lock(&s->lock);
    l->next_log = s->logs;
    s->logs = l;
    pthread_mutex_unlock(&s->lock);
    *ret = l;
    return 0;
}

int slog_create(struct slog *s, const char *name, struct slog_log **ret, struct err *e) {
    if (!name_is_valid(name)) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "A stream's name has 1 to 160 letters, digits, '_', '.' or '-'.");
    }
    pthread_mutex_lock(&s->admin);
    int rc = create_locked(s, name, ret, e);
    pthread_mutex_unlock(&s->admin);
    return rc;
}

struct slog_log *slog_find(struct slog *s, const char *name) {
    pthread_mutex_lock(&s->lock);
    struct slog_log *l = s->logs;
    while (l && strcmp(l->name, name) != 0) {
        l = l->next_log;
    }
    pthread_mutex_unlock(&s->lock);
    return l;
}

/* ---- delete ---- */

/* Views know the paths, so the files stay where they are. */
static int mark_deleted(struct slog_log *l) {
    struct vfs *v = l->slog->vfs;
    char path[SLOG_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/deleted", l->dir);
    int fd = v->ops->open(v, path, O_WRONLY | O_CREAT, 0666);
    if (fd < 0) {
        return fd;
    }
    int rc = v->ops->fsync(v, fd);
    int closed = v->ops->close(v, fd);
    rc = rc < 0 ? rc : closed;
    rc = rc < 0 ? rc : vfs_sync_parent(v, path);
    if (rc < 0) {
        (void)v->ops->unlink(v, path);
    }
    return rc;
}

static int move_to_trash(struct slog_log *l) {
    struct slog *s = l->slog;
    char path[SLOG_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/=trash.%llu", s->dir,
                   (unsigned long long)s->next_pool_number++);
    char *copy = mem_strndup(path, strlen(path));
    int rc = copy ? s->vfs->ops->rename(s->vfs, l->dir, path) : -ENOMEM;
    if (rc < 0) {
        mem_free(copy);
        return rc;
    }
    mem_free(l->dir);
    l->dir = copy;
    rc = vfs_sync_parent(s->vfs, path);
    if (rc < 0) {
        log_write(LOG_WARN, "slog", "cannot sync the deletion of %s: %s", l->name, strerror(-rc));
    }
    return 0;
}

/* Caller holds lock. Appends still queued are failed by the commit thread. */
static void unlist(struct slog_log *l) {
    struct slog *s = l->slog;
    struct slog_log **link = &s->logs;
    while (*link != l) {
        link = &(*link)->next_log;
    }
    *link = l->next_log;
    l->next_log = s->deleted;
    s->deleted = l;
    slog_kick_filler(s);
}

static int delete_locked(struct slog *s, const char *name, struct err *e) {
    struct slog_log *l = slog_find(s, name);
    if (!l) {
        return err_set(e, ERR_RESOURCE_NOT_FOUND, "There is no log %s.", name);
    }
    pthread_mutex_lock(&s->lock);
    l->deleted = true; /* no new views, no new appends */
    bool pinned = l->views > 0;
    pthread_mutex_unlock(&s->lock);
    int rc = pinned ? mark_deleted(l) : move_to_trash(l);
    pthread_mutex_lock(&s->lock);
    if (rc < 0) {
        l->deleted = false;
    } else {
        unlist(l);
    }
    pthread_mutex_unlock(&s->lock);
    return rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot delete the log %s", name) : 0;
}

int slog_delete(struct slog *s, const char *name, struct err *e) {
    pthread_mutex_lock(&s->admin);
    int rc = delete_locked(s, name, e);
    pthread_mutex_unlock(&s->admin);
    return rc;
}

/* ---- bounds ---- */

void slog_get_bounds(struct slog_log *l, struct slog_bounds *ret) {
    pthread_mutex_lock(&l->slog->lock);
    ret->next_lsn = l->next_lsn;
    ret->first_lsn = l->next_lsn;
    for (size_t i = l->seg_count; i > 0; i--) {
        const struct seg *seg = l->segs[i - 1];
        if (seg->end_lsn > seg->first_lsn && !seg->going) {
            ret->first_lsn = seg->first_lsn;
        }
    }
    ret->last_arrival_ms = l->last_arrival_ms;
    pthread_mutex_unlock(&l->slog->lock);
}
