/* s3_int.h - inside the S3 room. */
#ifndef TARN_API_S3_S3_INT_H
#define TARN_API_S3_S3_INT_H

#include "api/s3/s3.h"
#include "base/hash.h"

#define S3_XMLNS "http://s3.amazonaws.com/doc/2006-03-01/"
#define S3_MAX_KEYS 1000
#define S3_COPY_CHUNK KIB(512)

struct s3_service {
    struct s3_deps deps;
    char *uploads_dir;
    struct api_service api;
};

/* One request. A handler replies and returns 0, or returns a negative ERR_* with `err` filled. */
struct s3_call {
    struct s3_service *s;
    struct http_request *http;
    struct arena *arena;
    struct bytes bucket, key; /* decoded; empty when the path has none */
    struct buf out;           /* XML under way; s3_reply_xml sends it */
    struct err err;
    /* What an error document says besides: InvalidRange names the object's size. */
    const char *unsatisfied_range; /* the Range header; NULL: not that error */
    uint64_t actual_size_bytes;
};
typedef int (*s3_handler)(struct s3_call *c);

/* ---- s3_reply.c ---- */
void s3_reply_error(struct s3_call *c, int rc);
void s3_reply_xml(struct s3_call *c, int status);
void s3_reply_empty(struct s3_call *c, int status);
void s3_header_etag(struct s3_call *c, const char *etag);
int s3_error(struct s3_call *c, const char *name, int status, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* ---- s3_xml.c: writing, and a pull reader for small documents ---- */
void xml_start(struct buf *b, const char *root); /* declaration and root with namespace */
void xml_open(struct buf *b, const char *tag);
void xml_close(struct buf *b, const char *tag);
void xml_text(struct buf *b, const char *tag, struct bytes text);
void xml_cstr(struct buf *b, const char *tag, const char *text);
void xml_i64(struct buf *b, const char *tag, int64_t n);
void xml_time(struct buf *b, const char *tag, int64_t wall_ms);
void xml_etag(struct buf *b, const char *etag); /* <ETag>&quot;...&quot;</ETag> */

enum xml_event { XML_OPEN, XML_CLOSE, XML_TEXT, XML_END, XML_BAD };
struct xml_reader {
    struct arena *arena;
    struct bytes rest;
    struct bytes value; /* OPEN, CLOSE: the local name; TEXT: decoded */
    bool close_next;    /* after <empty/> */
    int depth;
};
/* No DTDs, no processing beyond the five entities and character references. */
enum xml_event xml_next(struct xml_reader *r);

/* ---- s3_checksum.c ---- */
enum s3_algorithm { S3_CRC32, S3_CRC32C, S3_SHA1, S3_SHA256, S3_CRC64NVME, S3_ALGORITHMS };
struct s3_checksum {
    bool wanted[S3_ALGORITHMS];
    struct bytes given[S3_ALGORITHMS]; /* base64 from header or trailer */
    uint32_t crc32, crc32c;
    uint64_t crc64;
    struct digest *sha1, *sha256;
    char text[S3_ALGORITHMS][48]; /* base64, after s3_checksum_finish */
};
const char *s3_checksum_header(enum s3_algorithm alg); /* "x-amz-checksum-crc32" */
const char *s3_checksum_name(enum s3_algorithm alg);   /* "CRC32" */
/* Which checksums the request brings. Clear in any case. */
int s3_checksum_init(struct s3_checksum *k, struct s3_call *c) WARN_UNUSED;
void s3_checksum_update(struct s3_checksum *k, struct bytes data);
/* BadDigest when one differs from what was given. */
int s3_checksum_finish(struct s3_checksum *k, struct s3_call *c) WARN_UNUSED;
void s3_checksum_clear(struct s3_checksum *k);
/* init + the whole body + finish + Content-MD5. */
int s3_check_body(struct s3_call *c, struct s3_checksum *k) WARN_UNUSED;

/* ---- s3_meta.c ---- */
/* Content type and extra headers of a request as the store keeps them. `k` may be NULL. */
int s3_meta_take(struct s3_call *c, const struct s3_checksum *k,
                 struct store_put_options *ret) WARN_UNUSED;
/* The object's headers on the reply. `checksums`: those too, when the request asks for them. */
void s3_meta_send(struct s3_call *c, const struct store_meta *m, bool checksums);
bool s3_parse_http_date(struct bytes text, int64_t *ret_ms) WARN_UNUSED;
/* 0: go on; 304 or 412: the status that the If-* headers ask for. Names with the given prefix:
 * "" or "x-amz-copy-source-". */
int s3_check_conditions(struct s3_call *c, const char *prefix, const struct store_meta *m);

/* ---- handlers ---- */
int s3_list_buckets(struct s3_call *c);
int s3_create_bucket(struct s3_call *c);
int s3_head_bucket(struct s3_call *c);
int s3_delete_bucket(struct s3_call *c);
int s3_get_bucket_location(struct s3_call *c);
int s3_list_objects(struct s3_call *c);
int s3_list_objects_v2(struct s3_call *c);
int s3_list_object_versions(struct s3_call *c);
int s3_get_object(struct s3_call *c); /* HEAD too */
int s3_put_object(struct s3_call *c);
int s3_copy_object(struct s3_call *c);
int s3_delete_object(struct s3_call *c);
int s3_delete_objects(struct s3_call *c);
int s3_create_upload(struct s3_call *c);
int s3_upload_part(struct s3_call *c);
int s3_upload_part_copy(struct s3_call *c);
int s3_complete_upload(struct s3_call *c);
int s3_abort_upload(struct s3_call *c);
int s3_list_parts(struct s3_call *c);
int s3_list_uploads(struct s3_call *c);

/* ---- shared ---- */
void s3_changed(struct s3_call *c, struct bytes bucket, struct bytes key);
/* Opens what x-amz-copy-source names and checks its conditions. The caller closes *ret_fd. */
int s3_open_source(struct s3_call *c, struct store_meta *ret, struct bytes *ret_bucket,
                   struct bytes *ret_key, int *ret_fd) WARN_UNUSED;
/* "bytes=..." against a size: 0, 206 with [*from, *to), or 416. */
int s3_parse_range(struct bytes text, uint64_t size, uint64_t *from, uint64_t *to);
struct bytes s3_unquote(struct bytes etag);

#endif
