/* err.h - one table of errors, and the caller-owned record that explains one.
 *
 * A function that can fail returns 0 or a negative ERR_* and fills a `struct err *` that may be
 * NULL. The record never allocates. The table's AWS name and HTTP status are the defaults; `name`
 * in the record overrides it (Athena's SQL error names, S3 codes). */
#ifndef TARN_BASE_ERR_H
#define TARN_BASE_ERR_H

#include "base/compiler.h"

/*        enum suffix              AWS name                                   HTTP default text */
#define ERR_TABLE(X)                                                                               \
    X(NOMEM, "InternalFailure", 500, "The server is short of memory; retry later.")                \
    X(IO, "InternalFailure", 500, "A file operation failed; see the server's log.")                \
    X(CORRUPT, "InternalFailure", 500, "Stored data failed its checksum; see the server's log.")   \
    X(INTERNAL, "InternalFailure", 500, "The request failed inside the server; see its log.")      \
    X(UNAVAILABLE, "ServiceUnavailableException", 503, "The service is busy; retry later.")        \
    X(CANCELED, "CanceledException", 400, "The operation was cancelled.")                          \
    X(TIMEOUT, "TimeoutException", 400, "The operation took longer than its limit.")               \
    X(RESOURCE_NOT_FOUND, "ResourceNotFoundException", 400, "The resource does not exist.")        \
    X(RESOURCE_IN_USE, "ResourceInUseException", 400, "The resource is in use.")                   \
    X(INVALID_ARGUMENT, "InvalidArgumentException", 400, "An argument is not valid.")              \
    X(VALIDATION, "ValidationException", 400, "The request does not satisfy a constraint.")        \
    X(SERIALIZATION, "SerializationException", 400, "The request body is not valid JSON.")         \
    X(UNKNOWN_OPERATION, "UnknownOperationException", 400, "The operation is not known.")          \
    X(NOT_IMPLEMENTED, "NotImplementedException", 501, "Tarn does not implement this yet.")        \
    X(LIMIT_EXCEEDED, "LimitExceededException", 400, "A limit was exceeded.")                      \
    X(THROUGHPUT, "ProvisionedThroughputExceededException", 400, "Slow down and retry.")           \
    X(EXPIRED_ITERATOR, "ExpiredIteratorException", 400, "The iterator has expired; get another.") \
    X(EXPIRED_TOKEN, "ExpiredNextTokenException", 400, "The token has expired; list again.")       \
    X(ENTITY_NOT_FOUND, "EntityNotFoundException", 400, "The entity does not exist.")              \
    X(ALREADY_EXISTS, "AlreadyExistsException", 400, "The entity already exists.")                 \
    X(INVALID_INPUT, "InvalidInputException", 400, "The input is not valid.")                      \
    X(CONCURRENT_MODIFICATION, "ConcurrentModificationException", 400, "Read again and retry.")    \
    X(INVALID_REQUEST, "InvalidRequestException", 400, "The request is not valid.")                \
    X(ACCESS_DENIED, "AccessDeniedException", 403, "Access is denied.")                            \
    X(MISSING_AUTH, "MissingAuthenticationTokenException", 403, "Missing Authentication Token")    \
    X(INCOMPLETE_SIGNATURE, "IncompleteSignatureException", 403, "The signature is incomplete.")   \
    X(INVALID_SIGNATURE, "InvalidSignatureException", 403,                                         \
      "The request signature we calculated does not match the signature you provided.")            \
    X(UNRECOGNIZED_CLIENT, "UnrecognizedClientException", 403,                                     \
      "The security token included in the request is invalid.")                                    \
    X(TOO_LARGE, "RequestEntityTooLargeException", 413, "The request body is too large.")          \
    X(SQL, "GENERIC_USER_ERROR", 400, "The query failed.") /* name holds Trino's error name */     \
    X(S3, "InvalidRequest", 400, "The S3 request is not valid.") /* name holds the S3 code */      \
    X(USAGE, "Usage", 400, "The command line or file is not valid.")

enum err_code {
    ERR_OK = 0,
#define X(suffix, name, status, text) ERR_NEG_##suffix,
    ERR_TABLE(X)
#undef X
        ERR_COUNT
};
enum {
#define X(suffix, name, status, text) ERR_##suffix = -(int)ERR_NEG_##suffix,
    ERR_TABLE(X)
#undef X
};

struct err {
    int code;       /* 0 or negative ERR_* */
    int status;     /* HTTP status */
    int line;       /* 1-based position in SQL or YAML; 0: none */
    int column;     /* 1-based */
    char name[64];  /* AWS exception, S3 code or Trino error name */
    char text[960]; /* a sentence for the user: what is wrong and what to do */
};

/* Fills *e (if not NULL) with the table's name and status and the formatted text; returns code.
 * `return err_set(e, ERR_INVALID_INPUT, "...", ...)` is the idiom. fmt NULL: the default text. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As err_set with another name (and status when not 0). */
int err_set_named(struct err *e, int code, const char *name, int status, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* As err_set, text followed by ": " and strerror(errno_value). */
int err_set_errno(struct err *e, int code, int errno_value, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Puts "context: " before the text already there. */
void err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The table. Never NULL. */
const char *err_name(int code);
int err_status(int code);

#endif
