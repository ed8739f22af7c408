/* slog_segment.c - segment files and the pool of ready ones.
 *
 * A file becomes a segment in an order that leaves no half-made one behind: under its pool name it
 * gets its size and a header with a fresh epoch, is synced, is renamed into the log's folder, and
 * the folder is synced. Frames of the file's earlier life carry another epoch, so recycled content
 * needs no wiping; and because its blocks are written already, fdatasync has no metadata to write.
 *
 *   zero-filled ──▶ =pool ──▶ prepared ──▶ active ──▶ sealed ──trim──▶ =pool or unlinked
 *   sparse (pool empty, commit cannot wait) ──▲
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "slog/slog_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

struct seg *seg_new(const char *path, const struct seg_header *h) {
    struct seg *seg = mem_calloc(1, sizeof(*seg));
    char *copy = mem_strndup(path, strlen(path));
    if (!seg || !copy) {
        mem_free(seg);
        mem_free(copy);
        return NULL;
    }
    seg->path = copy;
    seg->seq = h->seq;
    seg->epoch = h->epoch;
    seg->size = h->size;
    seg->used = SEG_DATA_START;
    seg->fd = -1;
    return seg;
}

void seg_free(struct slog *s, struct seg **seg) {
    if (!*seg) {
        return;
    }
    if ((*seg)->fd >= 0) {
        (void)s->vfs->ops->close(s->vfs, (*seg)->fd);
    }
    mem_free((*seg)->index);
    mem_free((*seg)->path);
    mem_free(*seg);
    *seg = NULL;
}

void seg_unpin(struct slog *s, struct seg *seg) {
    pthread_mutex_lock(&s->lock);
    assert(seg->pins > 0);
    seg->pins--;
    pthread_mutex_unlock(&s->lock);
}

/* ---- sparse index ---- */

void seg_index_add(struct seg *seg, struct seg_index entry) {
    uint64_t last = seg->index_count ? seg->index[seg->index_count - 1].offset : SEG_DATA_START;
    if (entry.offset - last < SLOG_INDEX_STEP) {
        return;
    }
    if (seg->index_count == seg->index_cap) {
        size_t cap = seg->index_cap ? seg->index_cap * 2 : 16;
        struct seg_index *grown = mem_realloc(seg->index, cap * sizeof(*grown));
        if (!grown) {
            return; /* a sparser index is still right */
        }
        seg->index = grown;
        seg->index_cap = cap;
    }
    seg->index[seg->index_count++] = entry;
}

static struct seg_index first_frame(const struct seg *seg) {
    return (struct seg_index){seg->first_lsn, seg->first_arrival_ms, SEG_DATA_START};
}

struct seg_index seg_floor_lsn(const struct seg *seg, uint64_t lsn) {
    size_t low = 0, high = seg->index_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seg->index[middle].lsn <= lsn) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? seg->index[low - 1] : first_frame(seg);
}

struct seg_index seg_floor_time(const struct seg *seg, int64_t ms) {
    size_t low = 0, high = seg->index_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seg->index[middle].arrival_ms < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? seg->index[low - 1] : first_frame(seg);
}

/* ---- mapping ---- */

int seg_map(struct vfs *v, const char *path, struct bytes *ret) {
    struct vfs_stat st;
    int fd = v->ops->open(v, path, O_RDONLY, 0);
    if (fd < 0) {
        return fd;
    }
    int rc = v->ops->stat(v, path, &st);
    void *at = MAP_FAILED;
    if (rc == 0 && st.size_bytes > 0) {
        at = mmap(NULL, st.size_bytes, PROT_READ, MAP_SHARED, fd, 0);
        rc = at == MAP_FAILED ? -errno : 0;
    }
    int closed = v->ops->close(v, fd);
    rc = rc < 0 ? rc : closed;
    if (at != MAP_FAILED && rc < 0) {
        (void)munmap(at, st.size_bytes);
    }
    if (rc == 0) {
        *ret = at == MAP_FAILED ? (struct bytes){0} : bytes_of(at, st.size_bytes);
    }
    return rc;
}

void seg_unmap(struct bytes *map) {
    if (map->ptr) {
        (void)munmap((void *)(uintptr_t)map->ptr, map->len);
    }
    *map = (struct bytes){0};
}

/* ---- making files ---- */

int slog_zero(struct vfs *v, int fd, uint64_t from, uint64_t to) {
    static const char zeros[65536];
    int rc = 0;
    while (from < to && rc == 0) {
        size_t len = (size_t)MIN_OF(to - from, sizeof(zeros));
        rc = vfs_pwrite_all(v, fd, zeros, len, from);
        from += len;
    }
    return rc;
}

/* A new name in the pool folder. */
static void pool_path(struct slog *s, char out[SLOG_PATH_MAX]) {
    pthread_mutex_lock(&s->lock);
    uint64_t number = s->next_pool_number++;
    pthread_mutex_unlock(&s->lock);
    (void)snprintf(out, SLOG_PATH_MAX, "%s/=pool/%010llu.free", s->dir, (unsigned long long)number);
}

static int make_file(struct slog *s, const char *path, uint64_t size, bool zero_fill, int *ret_fd) {
    struct vfs *v = s->vfs;
    int fd = v->ops->open(v, path, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (fd < 0) {
        return fd;
    }
    int rc = zero_fill ? slog_zero(v, fd, 0, size) : v->ops->ftruncate(v, fd, size);
    if (rc == 0) {
        rc = v->ops->fsync(v, fd);
    }
    if (rc < 0) {
        (void)v->ops->close(v, fd);
        (void)v->ops->unlink(v, path);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

static bool pool_push(struct slog *s, const char *path) {
    char *copy = mem_strndup(path, strlen(path));
    pthread_mutex_lock(&s->lock);
    bool fits = copy && s->pool_count < SLOG_POOL_MAX;
    if (fits) {
        s->pool[s->pool_count++] = copy;
    }
    pthread_mutex_unlock(&s->lock);
    if (!fits) {
        mem_free(copy);
    }
    return fits;
}

static char *pool_pop(struct slog *s) {
    pthread_mutex_lock(&s->lock);
    char *path = s->pool_count ? s->pool[--s->pool_count] : NULL;
    pthread_mutex_unlock(&s->lock);
    return path;
}

int slog_fill_pool(struct slog *s) {
    char path[SLOG_PATH_MAX];
    int fd;
    pool_path(s, path);
    int rc = make_file(s, path, s->segment_bytes, true, &fd);
    if (rc < 0) {
        return rc;
    }
    (void)s->vfs->ops->close(s->vfs, fd);
    return pool_push(s, path) ? 0 : s->vfs->ops->unlink(s->vfs, path);
}

int slog_retire_file(struct slog *s, const char *path, uint64_t size) {
    char pooled[SLOG_PATH_MAX];
    pthread_mutex_lock(&s->lock);
    bool room = s->pool_count < SLOG_POOL_MAX;
    pthread_mutex_unlock(&s->lock);
    if (!room || size != s->segment_bytes) {
        return s->vfs->ops->unlink(s->vfs, path);
    }
    pool_path(s, pooled);
    int rc = s->vfs->ops->rename(s->vfs, path, pooled);
    if (rc == 0 && !pool_push(s, pooled)) {
        (void)s->vfs->ops->unlink(s->vfs, pooled); /* else the next start adopts it */
    }
    return rc;
}

/* A writable file of at least `size` bytes under its pool name. */
static int obtain_file(struct slog *s, uint64_t *size, bool zero_fill, char path[SLOG_PATH_MAX],
                       int *ret_fd) {
    char *pooled = *size == s->segment_bytes ? pool_pop(s) : NULL;
    if (!pooled) {
        pool_path(s, path);
        return make_file(s, path, *size, zero_fill, ret_fd);
    }
    (void)snprintf(path, SLOG_PATH_MAX, "%s", pooled);
    mem_free(pooled);
    int fd = s->vfs->ops->open(s->vfs, path, O_RDWR, 0);
    if (fd < 0) {
        return fd;
    }
    *ret_fd = fd;
    return 0;
}

static int publish_file(struct slog_log *l, int fd, const char *from, const char *to,
                        struct seg_header *h) {
    struct vfs *v = l->slog->vfs;
    seg_header_seal(h);
    int rc = vfs_pwrite_all(v, fd, h, sizeof(*h), 0);
    if (rc == 0) {
        rc = v->ops->fdatasync(v, fd);
    }
    if (rc == 0) {
        rc = v->ops->rename(v, from, to);
    }
    if (rc < 0) {
        (void)v->ops->unlink(v, from);
        return rc;
    }
    rc = vfs_sync_parent(v, to);
    if (rc < 0) {
        (void)v->ops->unlink(v, to);
    }
    return rc;
}

int log_make_segment(struct slog_log *l, uint64_t seq, uint64_t size, bool zero_fill,
                     uint64_t base_lsn, struct seg **ret) {
    struct slog *s = l->slog;
    char from[SLOG_PATH_MAX], to[SLOG_PATH_MAX];
    int fd = -1;
    struct seg_header h = {
        .log_id = l->id, .seq = seq, .base_lsn = base_lsn, .created_ms = clock_wall_ms(s->clock)};
    rand_bytes(&h.epoch, sizeof(h.epoch));
    int len = snprintf(to, sizeof(to), "%s/%010llu.seg", l->dir, (unsigned long long)seq);
    int rc = len < (int)sizeof(to) ? obtain_file(s, &size, zero_fill, from, &fd) : -ENAMETOOLONG;
    if (rc < 0) {
        return rc;
    }
    h.size = size;
    struct seg *seg = seg_new(to, &h);
    rc = seg ? publish_file(l, fd, from, to, &h) : -ENOMEM;
    if (!seg) {
        (void)s->vfs->ops->unlink(s->vfs, from);
    }
    if (rc < 0) {
        (void)s->vfs->ops->close(s->vfs, fd);
        seg_free(s, &seg);
        return rc;
    }
    seg->fd = fd;
    *ret = seg;
    return 0;
}

bool log_push_seg(struct slog_log *l, struct seg *seg) {
    if (l->seg_count == l->seg_cap) {
        size_t cap = l->seg_cap ? l->seg_cap * 2 : 4;
        struct seg **grown = mem_realloc(l->segs, cap * sizeof(*grown));
        if (!grown) {
            return false;
        }
        l->segs = grown;
        l->seg_cap = cap;
    }
    l->segs[l->seg_count++] = seg;
    return true;
}

/* Takes a prepared segment that is too small away again. Caller holds admin. */
static int drop_prepared(struct slog_log *l) {
    struct slog *s = l->slog;
    pthread_mutex_lock(&s->lock);
    struct seg *seg = l->prepared;
    l->prepared = NULL;
    pthread_mutex_unlock(&s->lock);
    int rc = seg ? slog_retire_file(s, seg->path, seg->size) : 0;
    seg_free(s, &seg);
    return rc;
}

static int prepare_locked(struct slog_log *l, uint64_t need) {
    struct slog *s = l->slog;
    struct seg *seg;
    pthread_mutex_lock(&s->lock);
    bool gone = l->deleted;
    bool fits = l->prepared && l->prepared->size >= need;
    uint64_t seq = gone ? 0 : l->segs[l->seg_count - 1]->seq + 1;
    uint64_t base_lsn = l->next_lsn;
    pthread_mutex_unlock(&s->lock);
    if (gone) {
        return -ENOENT;
    }
    if (fits) {
        return 0;
    }
    int rc = drop_prepared(l);
    if (rc < 0) {
        return rc;
    }
    uint64_t size = MAX_OF(s->segment_bytes, (need + 4095) & ~UINT64_C(4095));
    rc = log_make_segment(l, seq, size, false, base_lsn, &seg);
    if (rc < 0) {
        return rc;
    }
    pthread_mutex_lock(&s->lock);
    l->prepared = seg;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

int log_prepare(struct slog_log *l, uint64_t need) {
    pthread_mutex_lock(&l->slog->admin);
    int rc = prepare_locked(l, need);
    pthread_mutex_unlock(&l->slog->admin);
    return rc;
}

/* ---- trim ---- */

/* The oldest segment if it may go. Caller holds admin and lock. An empty active segment keeps the
 * one before it, whose frames are what tells the next LSN after a restart. */
static struct seg *choose_oldest(struct slog_log *l, uint64_t lsn) {
    size_t keep = 1;
    const struct seg *active = l->segs[l->seg_count - 1];
    if (active->end_lsn == active->first_lsn) {
        keep = 2;
    }
    struct seg *oldest = l->segs[0];
    if (l->seg_count <= keep || oldest->end_lsn > lsn || oldest->pins > 0) {
        return NULL;
    }
    oldest->going = true;
    return oldest;
}

static int trim_locked(struct slog_log *l, uint64_t lsn) {
    struct slog *s = l->slog;
    int rc = 0;
    while (rc == 0) {
        pthread_mutex_lock(&s->lock);
        struct seg *seg = l->deleted ? NULL : choose_oldest(l, lsn);
        pthread_mutex_unlock(&s->lock);
        if (!seg) {
            break;
        }
        rc = slog_retire_file(s, seg->path, seg->size);
        pthread_mutex_lock(&s->lock);
        if (rc == 0) {
            l->seg_count--;
            memmove(l->segs, l->segs + 1, l->seg_count * sizeof(*l->segs));
        } else {
            seg->going = false;
        }
        pthread_mutex_unlock(&s->lock);
        if (rc == 0) {
            seg_free(s, &seg);
        }
    }
    return rc;
}

int slog_trim(struct slog_log *l, uint64_t lsn, struct err *e) {
    pthread_mutex_lock(&l->slog->admin);
    int rc = trim_locked(l, lsn);
    pthread_mutex_unlock(&l->slog->admin);
    return rc < 0 ? err_set_errno(e, ERR_IO, -rc, "Cannot trim the log of %s", l->name) : 0;
}
