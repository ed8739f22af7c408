/* store_int.h - inside src/store. */
#ifndef TARN_STORE_STORE_INT_H
#define TARN_STORE_STORE_INT_H

#include "store/store.h"
#include <pthread.h>
#include <stdatomic.h>

#define STORE_KEY_MAX 1024
#define STORE_SEGMENT_MAX 250 /* longer key segments are split */
#define STORE_XATTR "user.tarn"
#define STORE_STRIPES 64

struct store {
    struct vfs *vfs;
    struct clock *clock;
    char *root, *tmp;
    /* Held while a conditional put looks at the old object and replaces it, by hash of the path. */
    pthread_mutex_t stripes[STORE_STRIPES];
    _Atomic bool no_xattr; /* the file system has none; said once in the log */
    struct listings *listings;
};

/* ---- store_cache.c ---- */
struct listings *listings_new(void) WARN_UNUSED;
void listings_free(struct listings *l);

/* ---- store_path.c ---- */
int store_check_bucket_name(struct bytes bucket, struct err *e) WARN_UNUSED;
bool store_bucket_name_ok(struct bytes bucket);
/* Appends the escaped path of whole key segments ("a/b" without a trailing slash). */
void store_add_escaped(struct buf *out, struct bytes key);
/* Decodes one name of a folder. *ret_partial: a piece of a longer segment, which goes on inside. */
bool store_unescape(struct bytes name, struct bytes *ret, bool *ret_partial);
/* "<root>/<bucket>" in the arena, NULL when out of memory. */
char *store_bucket_path(struct store *s, struct arena *a, struct bytes bucket);

/* ---- store_meta.c ---- */
/* What is known of the file at `path` (may be /proc/self/fd/N); makes an ETag when none fits. */
int store_meta_load(struct store *s, struct arena *a, const char *path, const struct vfs_stat *st,
                    struct store_meta *ret, struct err *e) WARN_UNUSED;
/* Writes user.tarn for the file's present size and mtime. Succeeds without doing anything where
 * the file system has no extended attributes. */
int store_meta_save(struct store *s, const char *path, const char *etag,
                    const struct store_put_options *o, struct err *e) WARN_UNUSED;
/* MD5 of the content, or of its identity when large (then ending in "-1", as S3's multipart). */
int store_make_etag(struct store *s, const char *path, const struct vfs_stat *st, char ret[80],
                    struct err *e) WARN_UNUSED;

/* ---- store_put.c ---- */
int store_no_such_key(struct store *s, struct bytes bucket, struct err *e) WARN_UNUSED;

#endif
