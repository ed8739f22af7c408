/* s3_checksum.c - the additional checksums of S3: a base64 value in a header or trailer, verified
 * against the bytes that came. CRCs are big-endian before base64. */
#include "api/s3/s3_int.h"
#include "base/encode.h"
#include "base/mem.h"

static const struct {
    const char *header, *name;
} algorithms[S3_ALGORITHMS] = {
    [S3_CRC32] = {"x-amz-checksum-crc32", "CRC32"},
    [S3_CRC32C] = {"x-amz-checksum-crc32c", "CRC32C"},
    [S3_SHA1] = {"x-amz-checksum-sha1", "SHA1"},
    [S3_SHA256] = {"x-amz-checksum-sha256", "SHA256"},
    [S3_CRC64NVME] = {"x-amz-checksum-crc64nvme", "CRC64NVME"},
};

const char *s3_checksum_header(enum s3_algorithm alg) {
    return algorithms[alg].header;
}

const char *s3_checksum_name(enum s3_algorithm alg) {
    return algorithms[alg].name;
}

int s3_checksum_init(struct s3_checksum *k, struct s3_call *c) {
    *k = (struct s3_checksum){0};
    for (int i = 0; i < S3_ALGORITHMS; i++) {
        k->given[i] = http_header(c->http, algorithms[i].header);
        k->wanted[i] = k->given[i].len > 0;
    }
    if (k->wanted[S3_SHA1])
        k->sha1 = digest_new(DIGEST_SHA1);
    if (k->wanted[S3_SHA256])
        k->sha256 = digest_new(DIGEST_SHA256);
    bool ok = (!k->wanted[S3_SHA1] || k->sha1) && (!k->wanted[S3_SHA256] || k->sha256);
    return ok ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
}

void s3_checksum_clear(struct s3_checksum *k) {
    digest_free(&k->sha1);
    digest_free(&k->sha256);
}

void s3_checksum_update(struct s3_checksum *k, struct bytes data) {
    if (k->wanted[S3_CRC32])
        k->crc32 = crc32_ieee(k->crc32, data.ptr, data.len);
    if (k->wanted[S3_CRC32C])
        k->crc32c = crc32c(k->crc32c, data.ptr, data.len);
    if (k->wanted[S3_CRC64NVME])
        k->crc64 = crc64_nvme(k->crc64, data.ptr, data.len);
    if (k->sha1)
        digest_update(k->sha1, data);
    if (k->sha256)
        digest_update(k->sha256, data);
}

static void big_endian(uint64_t v, size_t bytes, uint8_t *out) {
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static size_t raw_value(struct s3_checksum *k, enum s3_algorithm alg, uint8_t out[32]) {
    switch (alg) {
    case S3_CRC32:
        big_endian(k->crc32, 4, out);
        return 4;
    case S3_CRC32C:
        big_endian(k->crc32c, 4, out);
        return 4;
    case S3_CRC64NVME:
        big_endian(k->crc64, 8, out);
        return 8;
    case S3_SHA1:
        return digest_finish(k->sha1, out);
    default:
        return digest_finish(k->sha256, out);
    }
}

int s3_checksum_finish(struct s3_checksum *k, struct s3_call *c) {
    uint8_t raw[32];
    for (int i = 0; i < S3_ALGORITHMS; i++) {
        if (!k->wanted[i])
            continue;
        size_t n = raw_value(k, (enum s3_algorithm)i, raw);
        size_t len = base64_encode(bytes_of(raw, n), k->text[i]);
        k->text[i][len] = 0;
        if (!bytes_eq_str(k->given[i], k->text[i]))
            return s3_error(c, "BadDigest", 400,
                            "The %s you specified did not match the calculated checksum.",
                            algorithms[i].name);
    }
    return 0;
}

/* ---- a request's body ---- */

static int check_md5(struct s3_call *c) {
    struct bytes given = http_header(c->http, "content-md5");
    char raw[64];
    if (given.len == 0)
        return 0;
    if (given.len != 24 || base64_decode(given, raw) != MD5_LEN)
        return s3_error(c, "InvalidDigest", 400, "The Content-MD5 you specified was invalid.");
    if (memcmp(raw, c->http->body_md5, MD5_LEN) != 0)
        return s3_error(c, "BadDigest", 400,
                        "The Content-MD5 you specified did not match what we received.");
    return 0;
}

static int update_from_file(struct s3_call *c, struct s3_checksum *k) {
    struct vfs *v = c->s->deps.vfs;
    char *chunk = mem_alloc(S3_COPY_CHUNK);
    uint64_t at = 0;
    int rc = chunk ? 0 : err_set(&c->err, ERR_NOMEM, NULL);
    while (rc == 0 && at < c->http->body_bytes) {
        ssize_t n = v->ops->pread(v, c->http->body_fd, chunk, S3_COPY_CHUNK, at);
        if (n <= 0)
            rc = err_set_errno(&c->err, ERR_IO, (int)-n, "cannot read the spooled body");
        else
            s3_checksum_update(k, bytes_of(chunk, (size_t)n));
        at += n > 0 ? (uint64_t)n : 0;
    }
    mem_free(chunk);
    return rc;
}

static bool any_wanted(const struct s3_checksum *k) {
    for (int i = 0; i < S3_ALGORITHMS; i++)
        if (k->wanted[i])
            return true;
    return false;
}

int s3_check_body(struct s3_call *c, struct s3_checksum *k) {
    int rc = s3_checksum_init(k, c);
    if (rc == 0)
        rc = check_md5(c);
    if (rc == 0 && any_wanted(k)) {
        if (c->http->body_fd >= 0)
            rc = update_from_file(c, k);
        else
            s3_checksum_update(k, c->http->body);
    }
    if (rc == 0)
        rc = s3_checksum_finish(k, c);
    s3_checksum_clear(k);
    return rc;
}
