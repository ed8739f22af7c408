/* hash.h - checksums and digests. CRC32C uses the CPU's instruction when there is one. */
#ifndef TARN_BASE_HASH_H
#define TARN_BASE_HASH_H

#include "base/bytes.h"

/* CRC-32C (Castagnoli), continuing from `crc` (0 to start). */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
/* CRC-32 (IEEE, zlib's). */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t len);
/* CRC-64/NVME as S3's x-amz-checksum-crc64nvme. */
uint64_t crc64_nvme(uint64_t crc, const void *data, size_t len);

#define SHA256_LEN 32
#define SHA1_LEN 20
#define MD5_LEN 16
void sha256(struct bytes in, uint8_t out[SHA256_LEN]);
void md5(struct bytes in, uint8_t out[MD5_LEN]);
void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_LEN]);

/* Incremental digest over OpenSSL. digest_new returns NULL on no memory. */
enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };
struct digest;
struct digest *digest_new(enum digest_kind kind) WARN_UNUSED;
void digest_update(struct digest *d, struct bytes in);
/* Writes 16, 20 or 32 bytes and returns the count; the digest starts afresh. */
size_t digest_finish(struct digest *d, uint8_t out[32]);
void digest_free(struct digest **d);

/* FNV-1a style 64-bit hash for tables; not for untrusted checksums. */
uint64_t hash64(struct bytes in);

#endif
