/* s3_upload.h - inside the S3 room: what s3_multipart.c and s3_upload.c share. */
#ifndef TARN_API_S3_S3_UPLOAD_H
#define TARN_API_S3_S3_UPLOAD_H

#include "api/s3/s3_int.h"

#define S3_MAX_PARTS 10000
#define S3_MIN_PART MIB(5)

struct s3_upload {
    const char *dir; /* everything lives in the request's arena */
    struct bytes id, bucket, key, content_type, extra_json;
    int64_t started_ms;
};
struct s3_part {
    int64_t number;
    const char *name, *etag; /* file name; its part after the dash */
    uint64_t size_bytes;
    int64_t mtime_ms;
};
struct s3_parts {
    struct s3_part *items; /* by number, then name */
    size_t count, cap;
};

/* NoSuchUpload when there is none. */
int s3_upload_load(struct s3_call *c, struct bytes id, struct s3_upload *ret) WARN_UNUSED;
/* Clear in any case; names are in the arena. */
int s3_parts_read(struct s3_call *c, const struct s3_upload *u, struct s3_parts *ret) WARN_UNUSED;
void s3_parts_clear(struct s3_parts *p);
/* The folder with all in it; what cannot be removed is logged. */
void s3_upload_remove(struct s3_call *c, const struct s3_upload *u);
/* Copies bytes between files; `md5` and `k` may be NULL. */
int s3_copy_range(struct s3_call *c, int from_fd, uint64_t from, uint64_t len, int to_fd,
                  uint64_t to, struct digest *md5, struct s3_checksum *k) WARN_UNUSED;

#endif
