/* test_sigv4.c - AWS's published examples: the signature test suite's get-vanilla, and the GET,
 * presigned and chunked examples of the S3 documentation. */
#include "base/encode.h"
#include "base/hash.h"
#include "http/sigv4.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S3_DATE_MS 1369353600000 /* 20130524T000000Z */
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define H(name, value)                                                                             \
    { BYTES(name), BYTES(value) }

static struct sigv4_keys *s3_keys(void) {
    static struct sigv4_keys keys;
    static __typeof__(*keys.items) one;
    one.access_key = BYTES("AKIAIOSFODNN7EXAMPLE");
    one.secret_key = BYTES("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    keys.items = &one;
    keys.count = 1;
    return &keys;
}

static int verify(const struct sigv4_request *r, int64_t now_ms, struct err *e) {
    struct arena a;
    struct sigv4_auth auth;
    arena_init(&a, 0);
    int rc = sigv4_parse(&a, r, &auth, e);
    if (rc == 0)
        rc = sigv4_verify(&a, s3_keys(), r, &auth, now_ms, e);
    arena_clear(&a);
    return rc;
}

static void test_sign_vanilla(void **state) {
    const struct sigv4_header h[] = {H("Host", "example.amazonaws.com"),
                                     H("X-Amz-Date", "20150830T123600Z")};
    struct sigv4_request r = {BYTES("GET"), BYTES("/"), BYTES(""), h, 2, BYTES("")};
    struct bytes got;
    struct arena a;
    arena_init(&a, 0);
    assert_int_equal(
        sigv4_sign(&a, BYTES("AKIDEXAMPLE"), BYTES("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                   BYTES("us-east-1"), BYTES("service"), &r, BYTES("20150830T123600Z"), &got, NULL),
        0);
    assert_true(bytes_eq(
        got,
        BYTES("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, Signature="
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")));
    arena_clear(&a);
}

static struct sigv4_header s3_get_headers[] = {
    H("Host", "examplebucket.s3.amazonaws.com"), H("Range", "bytes=0-9"),
    H("x-amz-content-sha256", EMPTY_HASH), H("x-amz-date", "20130524T000000Z"),
    H("Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature="
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")};

static void test_verify_get(void **state) {
    struct err e = {0};
    struct sigv4_request r = {BYTES("GET"), BYTES("/test.txt"), BYTES(""), s3_get_headers, 5,
                              BYTES("")};
    assert_int_equal(verify(&r, S3_DATE_MS, &e), 0);
    assert_int_equal(verify(&r, S3_DATE_MS + 15 * 60000, &e), 0);
    assert_int_equal(verify(&r, S3_DATE_MS + 15 * 60000 + 1, &e), ERR_INVALID_SIGNATURE);
    assert_string_equal(e.name, "RequestTimeTooSkewed");
    r.raw_path = BYTES("/test.tx");
    assert_int_equal(verify(&r, S3_DATE_MS, &e), ERR_INVALID_SIGNATURE);
    r.raw_path = BYTES("/%74est.txt"); /* another spelling of the same path */
    assert_int_equal(verify(&r, S3_DATE_MS, &e), 0);
    r.payload_sha256_hex =
        BYTES("0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(verify(&r, S3_DATE_MS, &e), ERR_INVALID_SIGNATURE);
    assert_string_equal(e.name, "XAmzContentSHA256Mismatch");
}

static void test_verify_presigned(void **state) {
    struct err e = {0};
    struct sigv4_header h[] = {H("Host", "examplebucket.s3.amazonaws.com")};
    struct sigv4_request r = {
        BYTES("GET"),
        BYTES("/test.txt"),
        BYTES("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
              "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
              "X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"),
        h,
        1,
        BYTES("")};
    assert_int_equal(verify(&r, S3_DATE_MS, &e), 0);
    assert_int_equal(verify(&r, S3_DATE_MS + 86400000, &e), 0);
    assert_int_equal(verify(&r, S3_DATE_MS + 86400001, &e), ERR_INVALID_SIGNATURE);
    assert_string_equal(e.name, "AccessDenied");
    h[0].value = BYTES("other.s3.amazonaws.com");
    assert_int_equal(verify(&r, S3_DATE_MS, &e), ERR_INVALID_SIGNATURE);
}

static void test_chunks(void **state) {
    struct sigv4_chunks c;
    struct sigv4_auth auth = {
        .access_key = BYTES("AKIAIOSFODNN7EXAMPLE"),
        .date = BYTES("20130524"),
        .region = BYTES("us-east-1"),
        .service = BYTES("s3"),
        .amz_date = BYTES("20130524T000000Z"),
        .signature = BYTES("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")};
    const struct {
        size_t len;
        const char *signature;
    } chunks[] = {{65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
                  {1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
                  {0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}};
    char *data = malloc(65536);
    uint8_t sha[32];
    assert_non_null(data);
    memset(data, 'a', 65536);
    assert_true(sigv4_chunks_init(&c, s3_keys(), &auth));
    for (size_t i = 0; i < COUNT_OF(chunks); i++) {
        sha256(bytes_of(data, chunks[i].len), sha);
        assert_true(sigv4_chunks_check(&c, sha, false, bytes_str(chunks[i].signature)));
    }
    /* The chain has moved on: the same chunk again does not fit. */
    assert_false(sigv4_chunks_check(&c, sha, false, bytes_str(chunks[2].signature)));
    auth.access_key = BYTES("unknown");
    assert_false(sigv4_chunks_init(&c, s3_keys(), &auth));
    free(data);
}

static void test_parse_errors(void **state) {
    struct err e = {0};
    static const char *const bad[] = {
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=k/20130524/r/s/aws5_request, SignedHeaders=host, Signature=x",
        "AWS4-ECDSA-P256-SHA256 Credential=k/20130524/s/aws4_request, SignedHeaders=h, Signature=x",
        "Basic dXNlcjpwYXNz",
        ""};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct sigv4_header h[] = {{BYTES("authorization"), bytes_str(bad[i])},
                                   H("x-amz-date", "20130524T000000Z")};
        struct sigv4_request r = {BYTES("GET"), BYTES("/"), BYTES(""), h, 2, BYTES("")};
        assert_int_equal(verify(&r, S3_DATE_MS, &e), ERR_INCOMPLETE_SIGNATURE);
    }
    struct sigv4_request none = {BYTES("GET"), BYTES("/"), BYTES("a=b"), NULL, 0, BYTES("")};
    assert_int_equal(verify(&none, S3_DATE_MS, &e), ERR_MISSING_AUTH);
}

static void test_access_key_with_slashes(void **state) {
    struct sigv4_header h[] = {
        H("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/20130524/us-east-1/s3/aws4_request, "
                           "SignedHeaders=host, Signature=x"),
        H("x-amz-date", "20130524T000000Z")};
    struct sigv4_request r = {BYTES("GET"), BYTES("/"), BYTES(""), h, 2, BYTES("")};
    struct sigv4_auth auth;
    struct arena a;
    arena_init(&a, 0);
    assert_int_equal(sigv4_parse(&a, &r, &auth, NULL), 0);
    assert_true(bytes_eq(auth.access_key, BYTES("a/b")));
    assert_true(bytes_eq(auth.service, BYTES("s3")));
    arena_clear(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_vanilla),     cmocka_unit_test(test_verify_get),
        cmocka_unit_test(test_verify_presigned), cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_parse_errors),     cmocka_unit_test(test_access_key_with_slashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
