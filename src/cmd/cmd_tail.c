/* cmd_tail.c - tarn tail: follows the events of a stream, one shard after the other in rounds. */
#include "cmd/args.h"
#include "cmd/cmd.h"

#include "base/encode.h"
#include "base/mem.h"
#include "http/client.h"

#include <stdio.h>
#include <time.h>

struct tail {
    struct client *client;
    const char *stream;
    const char *from; /* iterator type */
    int64_t limit;    /* events left; -1: no limit */
    bool follow;
    bool meta;
    struct buf *iterators; /* per shard; empty: closed */
    size_t shard_count;
    struct err *e;
};

static int open_iterator(struct tail *t, struct arena *a, struct bytes shard, struct buf *ret) {
    const struct json *reply;
    struct bytes body =
        arena_fmt(a, "{\"StreamName\":\"%s\",\"ShardId\":\"%.*s\",\"ShardIteratorType\":\"%s\"}",
                  t->stream, BYTES_ARG(shard), t->from);
    int rc = client_call(t->client, a, "kinesis", "GetShardIterator", body, &reply, t->e);
    if (!rc) {
        buf_add(ret, json_get_str(reply, "ShardIterator"));
    }
    return rc;
}

static int open_shards(struct tail *t, struct arena *a) {
    const struct json *reply;
    struct bytes body = arena_fmt(a, "{\"StreamName\":\"%s\"}", t->stream);
    int rc = client_call(t->client, a, "kinesis", "ListShards", body, &reply, t->e);
    const struct json *shards = rc ? NULL : json_get(reply, "Shards");
    size_t n = shards ? shards->count : 0;
    t->iterators = mem_calloc(n + 1, sizeof *t->iterators);
    if (!rc && !t->iterators) {
        rc = err_set(t->e, ERR_NOMEM, NULL);
    }
    JSON_FOR_EACH(shard, shards) {
        if (!rc) {
            rc = open_iterator(t, a, json_get_str(shard, "ShardId"),
                               &t->iterators[t->shard_count++]);
        }
    }
    return rc;
}

static int print_record(struct tail *t, struct arena *a, const struct json *record) {
    struct bytes data = json_get_str(record, "Data");
    char *out = arena_alloc(a, base64_decoded_max(data.len));
    ptrdiff_t len = out ? base64_decode(data, out) : -1;
    if (len < 0) {
        return err_set(t->e, ERR_INTERNAL, "A record's data could not be decoded.");
    }
    if (t->meta) {
        printf("%.*s\t%.*s\t", BYTES_ARG(json_get_str(record, "SequenceNumber")),
               BYTES_ARG(json_get_str(record, "PartitionKey")));
    }
    fwrite(out, 1, (size_t)len, stdout);
    if (len == 0 || out[len - 1] != '\n') {
        fputc('\n', stdout);
    }
    return 0;
}

/* One GetRecords of one shard. *ret_behind: there is more to read now. */
static int read_shard(struct tail *t, struct buf *iterator, bool *ret_behind) {
    struct arena a;
    const struct json *reply;
    arena_init(&a, 0);
    struct bytes body = arena_fmt(&a, "{\"ShardIterator\":\"%.*s\",\"Limit\":1000}",
                                  (int)iterator->len, iterator->ptr);
    int rc = client_call(t->client, &a, "kinesis", "GetRecords", body, &reply, t->e);
    if (!rc) {
        JSON_FOR_EACH(record, json_get(reply, "Records")) {
            if (rc || t->limit == 0) {
                break;
            }
            rc = print_record(t, &a, record);
            t->limit -= t->limit > 0;
        }
        *ret_behind |= json_get_i64(reply, "MillisBehindLatest", 0) > 0;
        buf_reset(iterator);
        buf_add(iterator, json_get_str(reply, "NextShardIterator"));
    }
    arena_clear(&a);
    return rc;
}

static int follow(struct tail *t) {
    int rc = 0;
    for (;;) {
        bool behind = false;
        for (size_t i = 0; !rc && i < t->shard_count; i++) {
            if (t->iterators[i].len) {
                rc = read_shard(t, &t->iterators[i], &behind);
            }
        }
        fflush(stdout);
        if (rc || t->limit == 0 || (!behind && !t->follow)) {
            return rc;
        }
        if (!behind) {
            nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
        }
    }
}

int cmd_tail(int argc, char **argv) {
    bool from_start = false, no_follow = false, meta = false;
    int64_t limit = -1;
    const struct arg_option options[] = {
        {"--from-start", 's', NULL, "from the oldest record kept (default: new records only)",
         ARG_FLAG, &from_start},
        {"--no-follow", 'x', NULL, "stop at the end instead of waiting for more", ARG_FLAG,
         &no_follow},
        {"--limit", 'n', "N", "stop after N events", ARG_INTEGER, &limit},
        {"--meta", 'm', NULL, "sequence number and partition key before each event", ARG_FLAG,
         &meta},
        {0}};
    const struct args spec = {"tarn tail STREAM [options]",
                              "Prints the events of a stream, one per line, as they arrive.",
                              options, "  tarn tail acme-clicks --from-start -n 10\n"};
    struct err e = {0};
    struct arena a;
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    if (!rc && count != 1) {
        rc = err_set(&e, ERR_USAGE, "Give one stream: tarn tail STREAM; see --help.");
    }
    struct tail t = {.stream = count ? argv[0] : "",
                     .from = from_start ? "TRIM_HORIZON" : "LATEST",
                     .limit = limit,
                     .follow = !no_follow,
                     .meta = meta,
                     .e = &e};
    arena_init(&a, 0);
    rc = rc ? rc : client_new(NULL, &t.client, &e);
    rc = rc ? rc : open_shards(&t, &a);
    rc = rc ? rc : follow(&t);
    for (size_t i = 0; t.iterators && i < t.shard_count; i++) {
        buf_clear(&t.iterators[i]);
    }
    mem_free(t.iterators);
    client_free(&t.client);
    arena_clear(&a);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
