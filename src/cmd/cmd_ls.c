/* cmd_ls.c - tarn ls: what there is, by asking the public API. */
#include "cmd/args.h"
#include "cmd/ask.h"
#include "cmd/cmd.h"

#include "base/encode.h"
#include "store/store.h"

#include <stdio.h>

struct listing {
    struct client *client;
    struct arena *a;
    struct err *e;
};

/* Calls a paged operation and prints each element of `list` through `each`. */
typedef void (*print_fn)(const struct json *item);
static int list_json(struct listing *l, const char *service, const char *operation,
                     struct bytes members, const char *list, print_fn each) {
    struct bytes token = {0};
    do {
        const struct json *reply;
        struct bytes body = arena_fmt(
            l->a, "{%.*s%s%s%.*s%s}", BYTES_ARG(members), members.len && token.len ? "," : "",
            token.len ? "\"NextToken\":\"" : "", BYTES_ARG(token), token.len ? "\"" : "");
        int rc = client_call(l->client, l->a, service, operation, body, &reply, l->e);
        if (rc) {
            return rc;
        }
        JSON_FOR_EACH(item, json_get(reply, list)) {
            each(item);
        }
        token = json_get_str(reply, "NextToken");
    } while (token.len);
    return 0;
}

static void print_database(const struct json *item) {
    printf("database  %.*s\n", BYTES_ARG(json_get_str(item, "Name")));
}
static void print_table(const struct json *item) {
    const struct json *sd = json_get(item, "StorageDescriptor");
    printf("table     %.*s.%.*s  %.*s\n", BYTES_ARG(json_get_str(item, "DatabaseName")),
           BYTES_ARG(json_get_str(item, "Name")), BYTES_ARG(json_get_str(sd, "Location")));
}
static void print_stream(const struct json *item) {
    printf("stream    %.*s\n", BYTES_ARG(item->text));
}
static void print_delivery(const struct json *item) {
    printf("delivery  %.*s\n", BYTES_ARG(item->text));
}

static int list_all(struct listing *l) {
    int rc = list_json(l, "glue", "GetDatabases", BYTES(""), "DatabaseList", print_database);
    rc = rc ? rc : list_json(l, "kinesis", "ListStreams", BYTES(""), "StreamNames", print_stream);
    return rc ? rc
              : list_json(l, "firehose", "ListDeliveryStreams", BYTES(""), "DeliveryStreamNames",
                          print_delivery);
}

/* ---- s3://bucket/prefix ---- */
static bool next_element(struct bytes *xml, struct bytes tag_open, struct bytes tag_close,
                         struct bytes *ret) {
    ptrdiff_t start = bytes_find(*xml, tag_open);
    if (start < 0) {
        return false;
    }
    struct bytes rest = bytes_slice(*xml, (size_t)start + tag_open.len, xml->len);
    ptrdiff_t end = bytes_find(rest, tag_close);
    if (end < 0) {
        return false;
    }
    *ret = bytes_slice(rest, 0, (size_t)end);
    *xml = bytes_slice(rest, (size_t)end + tag_close.len, rest.len);
    return true;
}

static void print_object(struct listing *l, struct bytes item) {
    struct bytes key, size, key_xml = item;
    uint64_t n = 0;
    char text[32];
    if (next_element(&key_xml, BYTES("<Key>"), BYTES("</Key>"), &key) &&
        next_element(&item, BYTES("<Size>"), BYTES("</Size>"), &size) && bytes_to_u64(size, &n) &&
        uri_decode(l->a, key, true, &key)) {
        ask_format_bytes(n, text);
        printf("%10s  %.*s\n", text, BYTES_ARG(key));
    }
}

static int list_objects(struct listing *l, struct bytes bucket, struct bytes prefix) {
    struct bytes token = {0};
    do {
        struct buf path = {0};
        buf_add_fmt(&path, "/%.*s?continuation-token=", BYTES_ARG(bucket));
        if (!token.len) {
            path.len -= strlen("continuation-token=");
        }
        buf_add_uri(&path, token, false);
        buf_add_str(&path, token.len ? "&" : "");
        buf_add_str(&path, "encoding-type=url&list-type=2&prefix=");
        buf_add_uri(&path, prefix, false);
        struct client_request r = {.method = "GET", .service = "s3"};
        struct client_response out;
        r.path = buf_cstr(&path) ? arena_strndup(l->a, path.ptr, path.len) : NULL;
        buf_clear(&path);
        int rc =
            r.path ? client_raw(l->client, l->a, &r, &out, l->e) : err_set(l->e, ERR_NOMEM, NULL);
        if (!rc && out.status != 200) {
            rc = err_set(l->e, ERR_USAGE, "There is no bucket '%.*s'.", BYTES_ARG(bucket));
        }
        if (rc) {
            return rc;
        }
        struct bytes xml = out.body, item;
        while (next_element(&xml, BYTES("<Contents>"), BYTES("</Contents>"), &item)) {
            print_object(l, item);
        }
        xml = out.body;
        if (!next_element(&xml, BYTES("<NextContinuationToken>"), BYTES("</NextContinuationToken>"),
                          &token)) {
            token = (struct bytes){0};
        }
    } while (token.len);
    return 0;
}

static void print_bucket_names(struct bytes xml) {
    struct bytes item, name;
    while (next_element(&xml, BYTES("<Bucket>"), BYTES("</Bucket>"), &item)) {
        if (next_element(&item, BYTES("<Name>"), BYTES("</Name>"), &name)) {
            printf("bucket    %.*s\n", BYTES_ARG(name));
        }
    }
}

static int list_buckets(struct listing *l) {
    struct client_request r = {.method = "GET", .service = "s3", .path = "/"};
    struct client_response out;
    int rc = client_raw(l->client, l->a, &r, &out, l->e);
    if (!rc) {
        print_bucket_names(out.body);
    }
    return rc;
}

static int list_what(struct listing *l, const char *what) {
    struct bytes bucket, key;
    if (!what) {
        int rc = list_all(l);
        return rc ? rc : list_buckets(l);
    }
    if (store_split_uri(bytes_str(what), &bucket, &key)) {
        return bucket.len ? list_objects(l, bucket, key) : list_buckets(l);
    }
    struct bytes members = arena_fmt(l->a, "\"DatabaseName\":\"%s\"", what);
    return list_json(l, "glue", "GetTables", members, "TableList", print_table);
}

int cmd_ls(int argc, char **argv) {
    static const struct arg_option options[] = {{0}};
    static const struct args spec = {
        "tarn ls [DATABASE | s3://BUCKET/PREFIX]",
        "Lists databases, streams, deliveries and buckets; the tables of a database; or objects.",
        options, "  tarn ls\n  tarn ls default\n  tarn ls s3://acme/default/\n"};
    struct err e = {0};
    struct arena a;
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    arena_init(&a, 0);
    struct listing l = {.a = &a, .e = &e};
    rc = rc ? rc : client_new(NULL, &l.client, &e);
    rc = rc ? rc : list_what(&l, count ? argv[0] : NULL);
    client_free(&l.client);
    arena_clear(&a);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
