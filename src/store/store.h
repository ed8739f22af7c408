/* store.h - the object store: buckets and keys on the local file system.
 *
 * An object is the ordinary file <root>/<bucket>/<key>. Its ETag, content type and user metadata
 * live in the extended attribute user.tarn of that file (JSON; with the size and mtime they belong
 * to, so a file changed by another program is noticed and its ETag made anew). Files put there by
 * other programs are objects too. Replacement is atomic: temporary file, fsync, rename.
 *
 * Key segments that a file system cannot hold as they are ("", ".", "..", longer than 255 bytes, or
 * starting with the escape itself) are escaped; see store/README.md. A key that is a prefix of
 * another ("a" and "a/b") is refused with S3's error InvalidRequest and a sentence.
 * Thread-safe. Errors carry S3's codes in err.name (NoSuchBucket, NoSuchKey, ...). */
#ifndef TARN_STORE_STORE_H
#define TARN_STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/vfs.h"

struct store;
struct store_options {
    struct vfs *vfs;
    struct clock *clock;
    const char *root_dir; /* <data>/objects */
    const char *tmp_dir;  /* <data>/tmp, same file system */
};
int store_open(const struct store_options *o, struct store **ret, struct err *e) WARN_UNUSED;
void store_close(struct store **s);

/* ---- buckets ---- */
/* 0; ERR_S3 BucketAlreadyOwnedByYou (409), InvalidBucketName (400). */
int store_bucket_create(struct store *s, struct bytes bucket, struct err *e) WARN_UNUSED;
/* ERR_S3 NoSuchBucket (404), BucketNotEmpty (409). */
int store_bucket_delete(struct store *s, struct bytes bucket, struct err *e) WARN_UNUSED;
int store_bucket_check(struct store *s, struct bytes bucket, int64_t *ret_created_ms,
                       struct err *e) WARN_UNUSED;
/* In name order. */
int store_bucket_list(struct store *s,
                      int (*each)(void *ctx, struct bytes name, int64_t created_ms), void *ctx,
                      struct err *e) WARN_UNUSED;

/* ---- objects ---- */
struct store_meta {
    uint64_t size_bytes;
    int64_t mtime_ms;
    char etag[80];             /* without quotes */
    struct bytes content_type; /* "" when unset */
    struct bytes extra_json;   /* JSON object: other headers and x-amz-meta-*; "" when none */
};

/* A put in progress. Bytes go to a temporary file; commit makes it the object, abort drops it. */
struct store_put;
struct store_put_options {
    struct bytes content_type;
    struct bytes extra_json;
    bool if_none_match;    /* commit fails with PreconditionFailed (412) when the key exists */
    struct bytes if_match; /* when set, the present object's ETag; else PreconditionFailed */
    struct bytes etag;     /* known already; empty: made from the content */
};
int store_put_begin(struct store *s, struct bytes bucket, struct bytes key,
                    const struct store_put_options *o, struct store_put **ret,
                    struct err *e) WARN_UNUSED;
int store_put_write(struct store_put *p, struct bytes data, struct err *e) WARN_UNUSED;
/* Durable when it returns 0. Frees *p in any case. ret_etag may be NULL. */
int store_put_commit(struct store_put **p, char ret_etag[80], struct err *e) WARN_UNUSED;
void store_put_abort(struct store_put **p);
/* Whole object in one call. */
int store_put_bytes(struct store *s, struct bytes bucket, struct bytes key, struct bytes data,
                    const struct store_put_options *o, struct err *e) WARN_UNUSED;
/* Makes the finished file `tmp_path` (same file system; written by an engine) the object: computes
 * its ETag, fsyncs, renames. On failure the file stays. The ETag of a file above 8 MiB is not its
 * MD5 but, as for S3's multipart objects, an opaque one ending in "-1". */
int store_publish(struct store *s, const char *tmp_path, struct bytes bucket, struct bytes key,
                  const struct store_put_options *o, struct store_meta *ret_meta_or_null,
                  struct err *e) WARN_UNUSED;
/* The same by paths alone, for a process that has no store open: `tmp_path` becomes the object file
 * `path` (from store_path), its folders are made when missing. */
int store_seal(struct vfs *vfs, const char *tmp_path, const char *path, char ret_etag[80],
               uint64_t *ret_bytes, struct err *e) WARN_UNUSED;
/* Views in *ret live in the arena. ERR_S3 NoSuchKey (404), NoSuchBucket (404). */
int store_head(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
               struct store_meta *ret, struct err *e) WARN_UNUSED;
/* As store_head, and an open descriptor that the caller closes through vfs. */
int store_get(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
              struct store_meta *ret, int *ret_fd, struct err *e) WARN_UNUSED;
/* Deleting what is not there succeeds, as in S3. Empty parent folders are removed. */
int store_delete(struct store *s, struct bytes bucket, struct bytes key, struct err *e) WARN_UNUSED;

struct store_entry {
    struct bytes key; /* or the common prefix */
    bool is_prefix;
    uint64_t size_bytes;
    int64_t mtime_ns;
    const char *path; /* of an object's file; valid during the call */
    char etag[80];    /* "" unless want_etag */
};
struct store_list_options {
    struct bytes bucket, prefix;
    struct bytes start_after; /* keys strictly greater */
    struct bytes delimiter;   /* "" or one character, usually "/" */
    size_t max_entries;       /* 0: no limit */
    bool want_etag;           /* costs an attribute read per object */
    bool skip_hidden;         /* leave out names starting with _ or . (Hive's rule) */
    /* Called with each folder before its names are read; may be NULL. Non-zero (an error that is
     * set) stops. */
    int (*on_folder)(void *ctx, const char *path);
};
/* Calls back in UTF-8 byte order of keys. A non-zero return of `each` stops and is returned.
 * *ret_truncated: more entries would have followed. */
int store_list(struct store *s, const struct store_list_options *o,
               int (*each)(void *ctx, const struct store_entry *entry), void *ctx,
               bool *ret_truncated, struct err *e) WARN_UNUSED;

/* Whether there is a folder of this name, a prefix without its last '/': without one no key begins
 * so. False as well when it cannot be told. */
bool store_has_folder(struct store *s, struct bytes bucket, struct bytes folder);

/* ---- listings that are kept ---- */
struct store_object {
    struct bytes key;
    const char *path;
    uint64_t size_bytes;
    int64_t mtime_ns;
};
struct store_listing {
    const struct store_object *objects; /* key order */
    size_t count;
};
/* All objects below the prefix, hidden names left out, as they are now: a kept listing is given
 * again while its folders and files look the same (one stat each), so that a change by another
 * program is seen. Bounded memory, least recently used out first. The listing stays as it is until
 * it is released. Errors as store_list. */
int store_listing_get(struct store *s, struct bytes bucket, struct bytes prefix,
                      const struct store_listing **ret, struct err *e) WARN_UNUSED;
void store_listing_release(struct store *s, const struct store_listing **l);

/* The file path of a key, in the arena: engines read and write objects themselves. No check that it
 * exists. ERR_S3 when the key cannot be a file. */
int store_path(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
               const char **ret, struct err *e) WARN_UNUSED;
/* Splits "s3://bucket/key..." (also s3a, s3n); false when it is not such a URI. Key may be "". */
bool store_split_uri(struct bytes uri, struct bytes *ret_bucket, struct bytes *ret_key) WARN_UNUSED;
/* A fresh path in tmp_dir ending in `suffix`, in the arena. */
const char *store_tmp_path(struct store *s, struct arena *a, const char *suffix) WARN_UNUSED;
/* Removes everything in tmp_dir; called once at start, before any task runs. */
int store_clean_tmp(struct store *s, struct err *e) WARN_UNUSED;

#endif
