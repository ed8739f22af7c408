/* hash.c - checksums and digests.
 *
 * CRCs are kept bit-reflected. The portable form is "slicing by 8": eight tables let one step fold
 * eight input bytes; table k holds the CRC of a byte followed by k zero bytes. The tables are made
 * once at first use. CRC-32C goes through the CPU's instruction where there is one: that takes
 * three cycles to finish and starts one each cycle, so long inputs are cut in three lanes that run
 * side by side. Joining them needs each lane's CRC as if zeros followed; that is linear, so four
 * tables do it.
 *
 * Digests use OpenSSL's context structs directly: no fetch, no allocation, so the one-shot
 * functions cannot fail, and a 32-byte HMAC key costs no table look-up. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"
#include "base/base_int.h"
#include "base/mem.h"
#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define POLY_CRC32C UINT32_C(0x82f63b78)
#define POLY_IEEE UINT32_C(0xedb88320)
#define POLY_NVME UINT64_C(0x9a6c9329ac4bc9b5)

static struct {
    pthread_once_t once;
    bool have_crc32c; /* CPU instruction */
    uint32_t crc32c[8][256];
    uint32_t ieee[8][256];
    uint64_t nvme[8][256];
    uint32_t skip1[4][256], skip2[4][256]; /* a CRC-32C after one and two lanes of zeros */
} tables = {.once = PTHREAD_ONCE_INIT};

#define CRC_LANE 1024
/* How far ahead the lanes fetch. Three streams a KiB apart hide a plain walk from the processor's
 * own prefetcher: without it, 11 GB/s from memory instead of 27. */
#define CRC_AHEAD (2 * 3 * CRC_LANE)

static void make_table32(uint32_t table[8][256], uint32_t poly) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? poly : 0);
        }
        table[0][i] = crc;
    }
    for (int k = 1; k < 8; k++) {
        for (int i = 0; i < 256; i++) {
            uint32_t crc = table[k - 1][i];
            table[k][i] = (crc >> 8) ^ table[0][crc & 255];
        }
    }
}

static void make_table64(uint64_t table[8][256], uint64_t poly) {
    for (uint64_t i = 0; i < 256; i++) {
        uint64_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? poly : 0);
        }
        table[0][i] = crc;
    }
    for (int k = 1; k < 8; k++) {
        for (int i = 0; i < 256; i++) {
            uint64_t crc = table[k - 1][i];
            table[k][i] = (crc >> 8) ^ table[0][crc & 255];
        }
    }
}

static uint64_t load64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static uint32_t update32(const uint32_t table[8][256], uint32_t crc, const uint8_t *p, size_t len) {
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t w = load64(p) ^ crc;
        crc = table[7][w & 255] ^ table[6][w >> 8 & 255] ^ table[5][w >> 16 & 255] ^
              table[4][w >> 24 & 255] ^ table[3][w >> 32 & 255] ^ table[2][w >> 40 & 255] ^
              table[1][w >> 48 & 255] ^ table[0][w >> 56];
    }
    for (; len > 0; p++, len--) {
        crc = (crc >> 8) ^ table[0][(crc ^ *p) & 255];
    }
    return crc;
}

/* What `zeros` zero bytes make of each byte of a CRC: of its 32 bits first, then of their sums. */
static void make_skip(uint32_t table[4][256], size_t zeros) {
    static const uint8_t nothing[2 * CRC_LANE];
    for (int k = 0; k < 4; k++) {
        for (uint32_t v = 1; v < 256; v++) {
            uint32_t low = v & (~v + 1);
            table[k][v] = v == low ? update32(tables.crc32c, v << (8 * k), nothing, zeros)
                                   : table[k][low] ^ table[k][v ^ low];
        }
    }
}
static uint32_t skip(const uint32_t table[4][256], uint32_t crc) {
    return table[0][crc & 255] ^ table[1][crc >> 8 & 255] ^ table[2][crc >> 16 & 255] ^
           table[3][crc >> 24];
}

static void make_tables(void) {
    make_table32(tables.crc32c, POLY_CRC32C);
    make_table32(tables.ieee, POLY_IEEE);
    make_table64(tables.nvme, POLY_NVME);
    make_skip(tables.skip1, CRC_LANE);
    make_skip(tables.skip2, (size_t)2 * CRC_LANE);
#if defined(__x86_64__)
    tables.have_crc32c = __builtin_cpu_supports("sse4.2");
#elif defined(__aarch64__)
    tables.have_crc32c = (getauxval(AT_HWCAP) & (1UL << 7)) != 0; /* HWCAP_CRC32 */
#endif
}

#if defined(__x86_64__)
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_8_BYTES(crc, word) ((uint32_t)_mm_crc32_u64(crc, word))
#define CRC_1_BYTE _mm_crc32_u8
#elif defined(__aarch64__)
#if defined(__clang__)
#define CRC_TARGET __attribute__((target("crc")))
#define CRC_8_BYTES __builtin_arm_crc32cd
#define CRC_1_BYTE __builtin_arm_crc32cb
#else
#define CRC_TARGET __attribute__((target("+crc")))
#define CRC_8_BYTES __builtin_aarch64_crc32cx
#define CRC_1_BYTE __builtin_aarch64_crc32cb
#endif
#endif

#if defined(CRC_TARGET)
CRC_TARGET static uint32_t crc32c_lanes(uint32_t crc, const uint8_t *p) {
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < CRC_LANE; i += 8) {
        if (i % 16 == 0) { /* 48 bytes of the three lanes: no cache line is left out */
            __builtin_prefetch(p + CRC_AHEAD + 3 * i);
        }
        crc = CRC_8_BYTES(crc, load64(p + i));
        second = CRC_8_BYTES(second, load64(p + CRC_LANE + i));
        third = CRC_8_BYTES(third, load64(p + 2 * CRC_LANE + i));
    }
    return skip(tables.skip2, crc) ^ skip(tables.skip1, second) ^ third;
}
CRC_TARGET static uint32_t crc32c_cpu(uint32_t crc, const uint8_t *p, size_t len) {
    for (; len >= 3 * CRC_LANE; p += 3 * CRC_LANE, len -= 3 * CRC_LANE) {
        crc = crc32c_lanes(crc, p);
    }
    for (; len >= 8; p += 8, len -= 8) {
        crc = CRC_8_BYTES(crc, load64(p));
    }
    for (; len > 0; p++, len--) {
        crc = CRC_1_BYTE(crc, *p);
    }
    return crc;
}
#else
static uint32_t crc32c_cpu(uint32_t crc, const uint8_t *p, size_t len) {
    return update32(tables.crc32c, crc, p, len);
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t len) {
    pthread_once(&tables.once, make_tables);
    return tables.have_crc32c ? ~crc32c_cpu(~crc, data, len)
                              : ~update32(tables.crc32c, ~crc, data, len);
}

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len) {
    pthread_once(&tables.once, make_tables);
    return ~update32(tables.crc32c, ~crc, data, len);
}

uint32_t crc32_ieee(uint32_t crc, const void *data, size_t len) {
    pthread_once(&tables.once, make_tables);
    return ~update32(tables.ieee, ~crc, data, len);
}

uint64_t crc64_nvme(uint64_t crc, const void *data, size_t len) {
    const uint8_t *p = data;
    pthread_once(&tables.once, make_tables);
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t w = load64(p) ^ crc;
        crc = tables.nvme[7][w & 255] ^ tables.nvme[6][w >> 8 & 255] ^
              tables.nvme[5][w >> 16 & 255] ^ tables.nvme[4][w >> 24 & 255] ^
              tables.nvme[3][w >> 32 & 255] ^ tables.nvme[2][w >> 40 & 255] ^
              tables.nvme[1][w >> 48 & 255] ^ tables.nvme[0][w >> 56];
    }
    for (; len > 0; p++, len--) {
        crc = (crc >> 8) ^ tables.nvme[0][(crc ^ *p) & 255];
    }
    return ~crc;
}

/* ---- digests ---- */

void sha256(struct bytes in, uint8_t out[SHA256_LEN]) {
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, in.ptr, in.len);
    SHA256_Final(out, &c);
}

void md5(struct bytes in, uint8_t out[MD5_LEN]) {
    MD5_CTX c;
    MD5_Init(&c);
    MD5_Update(&c, in.ptr, in.len);
    MD5_Final(out, &c);
}

/* RFC 2104: H(key ^ opad, H(key ^ ipad, text)), long keys hashed first. */
void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_LEN]) {
    uint8_t pad[SHA256_CBLOCK] = {0};
    uint8_t inner[SHA256_LEN];
    SHA256_CTX c;
    if (key.len > sizeof(pad)) {
        sha256(key, pad);
    } else if (key.len > 0) {
        memcpy(pad, key.ptr, key.len);
    }
    for (size_t i = 0; i < sizeof(pad); i++) {
        pad[i] ^= 0x36;
    }
    SHA256_Init(&c);
    SHA256_Update(&c, pad, sizeof(pad));
    SHA256_Update(&c, in.ptr, in.len);
    SHA256_Final(inner, &c);
    for (size_t i = 0; i < sizeof(pad); i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    SHA256_Init(&c);
    SHA256_Update(&c, pad, sizeof(pad));
    SHA256_Update(&c, inner, sizeof(inner));
    SHA256_Final(out, &c);
    OPENSSL_cleanse(pad, sizeof(pad));
    OPENSSL_cleanse(&c, sizeof(c));
}

struct digest {
    enum digest_kind kind;
    union {
        MD5_CTX md5;
        SHA_CTX sha1;
        SHA256_CTX sha256;
    } u;
};

static void digest_start(struct digest *d) {
    switch (d->kind) {
    case DIGEST_MD5:
        MD5_Init(&d->u.md5);
        break;
    case DIGEST_SHA1:
        SHA1_Init(&d->u.sha1);
        break;
    case DIGEST_SHA256:
        SHA256_Init(&d->u.sha256);
        break;
    }
}

struct digest *digest_new(enum digest_kind kind) {
    struct digest *d = mem_calloc(1, sizeof(*d));
    if (d) {
        d->kind = kind;
        digest_start(d);
    }
    return d;
}

void digest_update(struct digest *d, struct bytes in) {
    switch (d->kind) {
    case DIGEST_MD5:
        MD5_Update(&d->u.md5, in.ptr, in.len);
        break;
    case DIGEST_SHA1:
        SHA1_Update(&d->u.sha1, in.ptr, in.len);
        break;
    case DIGEST_SHA256:
        SHA256_Update(&d->u.sha256, in.ptr, in.len);
        break;
    }
}

size_t digest_finish(struct digest *d, uint8_t out[32]) {
    size_t len = 0;
    switch (d->kind) {
    case DIGEST_MD5:
        MD5_Final(out, &d->u.md5);
        len = MD5_LEN;
        break;
    case DIGEST_SHA1:
        SHA1_Final(out, &d->u.sha1);
        len = SHA1_LEN;
        break;
    case DIGEST_SHA256:
        SHA256_Final(out, &d->u.sha256);
        len = SHA256_LEN;
        break;
    }
    digest_start(d);
    return len;
}

void digest_free(struct digest **d) {
    mem_free(*d);
    *d = NULL;
}

uint64_t hash64(struct bytes in) {
    const uint8_t *p = (const uint8_t *)in.ptr;
    size_t len = in.len;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len;
    for (; len >= 8; p += 8, len -= 8) {
        h = (h ^ load64(p)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; len > 0; p++, len--) {
        h = (h ^ *p) * UINT64_C(0x00000100000001b3);
    }
    h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ (h >> 32);
}
