/* sigv4.h - AWS Signature Version 4: parsing, verification, signing. Pure functions.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
#ifndef TARN_HTTP_SIGV4_H
#define TARN_HTTP_SIGV4_H

#include "base/arena.h"
#include "base/err.h"

enum sigv4_kind { SIGV4_NONE, SIGV4_HEADER, SIGV4_PRESIGNED };

struct sigv4_auth {
    enum sigv4_kind kind;
    struct bytes access_key, date, region, service; /* of the credential scope */
    struct bytes signed_headers;                    /* "host;x-amz-date" */
    struct bytes signature;
    struct bytes amz_date;     /* 20201231T235959Z */
    struct bytes payload_hash; /* x-amz-content-sha256, or empty */
    int64_t expires_s;         /* presigned */
};

struct sigv4_header {
    struct bytes name, value;
};
struct sigv4_request {
    struct bytes method, raw_path, raw_query;
    const struct sigv4_header *headers;
    size_t header_count;
    struct bytes
        payload_sha256_hex; /* of the body as received; empty: take payload_hash as given */
};

/* Parses the Authorization header or the presigned query. 0 with kind NONE when there is neither; a
 * Signature Version 2 query gives kind PRESIGNED without amz_date, which sigv4_verify refuses;
 * ERR_INCOMPLETE_SIGNATURE, ERR_INVALID_SIGNATURE (both forms at once) with AWS's texts. */
int sigv4_parse(struct arena *a, const struct sigv4_request *r, struct sigv4_auth *ret,
                struct err *e) WARN_UNUSED;

struct sigv4_keys {
    struct {
        struct bytes access_key, secret_key;
    } * items;
    size_t count;
};
/* 0; ERR_UNRECOGNIZED_CLIENT (unknown access key), ERR_INVALID_SIGNATURE (mismatch, or more than 15
 * minutes from now_ms), ERR_MISSING_AUTH (kind NONE). For S3 err.name is S3's own where the same
 * code has several (RequestTimeTooSkewed, AccessDenied when expired, XAmzContentSHA256Mismatch). */
int sigv4_verify(struct arena *a, const struct sigv4_keys *keys, const struct sigv4_request *r,
                 const struct sigv4_auth *auth, int64_t now_ms, struct err *e) WARN_UNUSED;

/* Signs for a client: the value of the Authorization header, in the arena. Headers must include
 * host and x-amz-date. */
int sigv4_sign(struct arena *a, struct bytes access_key, struct bytes secret_key,
               struct bytes region, struct bytes service, const struct sigv4_request *r,
               struct bytes amz_date, struct bytes *ret_authorization, struct err *e) WARN_UNUSED;

/* ---- signed aws-chunked bodies: each chunk's signature covers the one before ---- */
struct sigv4_chunks {
    uint8_t key[32];
    char scope[160]; /* "20240131/us-east-1/s3/aws4_request" */
    char date[17];
    char previous[65]; /* the seed first: the request's own signature */
};
/* False when the access key is unknown (sigv4_verify says so) or a part is too long. */
bool sigv4_chunks_init(struct sigv4_chunks *c, const struct sigv4_keys *keys,
                       const struct sigv4_auth *auth) WARN_UNUSED;
/* `sha256` is of the chunk's data, or of the trailer lines ("name:value\n" each) when `trailer`.
 * True when `signature` is right; the chain moves on. */
bool sigv4_chunks_check(struct sigv4_chunks *c, const uint8_t sha256[32], bool trailer,
                        struct bytes signature) WARN_UNUSED;
/* S3's rules (path encoded once, payload hash from the header) hold for this signing name. */
bool sigv4_is_s3(struct bytes service);

#endif
