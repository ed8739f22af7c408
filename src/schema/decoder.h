/* decoder.h - JSON events to typed columns in one pass, directed by the schema.
 *
 * Fills caller-owned column vectors whose layout is DuckDB's flat vector layout, so that an
 * engine's own memory can be the target; the decoder knows no engine. One decoder per thread; it is
 * made for one schema and reused for any number of records.
 *
 * Layouts by type: boolean u8; tinyint..bigint i8..i64; float, double; decimal i16/i32/i64/i128 by
 * precision 4/9/18/38, unscaled; string, varchar, char, binary: `struct decoder_string` (16 bytes);
 * timestamp i64 microseconds since 1970 UTC; date i32 days; array and map: `struct decoder_list`
 * into children[0] (a map's child is a struct of key, value); struct: children only.
 * Validity: bit i of word i/64 set = row i is not NULL; words are written for each row decoded.
 *
 * JSON rules (Firehose's OpenX SerDe): names matched case-insensitively by default; unknown members
 * skipped; absent and null members are NULL; one record may hold several documents one after the
 * other, with blanks between; the last of duplicate members wins. Numbers in quotes are accepted
 * for numeric columns, as the SerDe does; a number or boolean for a string column gives its source
 * text, an object or array for a string column gives its JSON text. varchar(n) and char(n) keep the
 * first n characters, as Hive does; binary keeps the text's bytes; decimals round half up. Out of
 * range, fractions for integers, and wrong kinds are errors. Timestamps: ISO 8601 with T or blank
 * and 0-9 fraction digits, optional Z or offset; yyyy-MM-dd; epoch seconds, epoch milliseconds,
 * float epoch seconds. Strings must be valid UTF-8 with correct escapes (surrogate pairs included).
 * Source: Firehose developer guide, record format conversion. */
#ifndef TARN_SCHEMA_DECODER_H
#define TARN_SCHEMA_DECODER_H

#include "schema/types.h"

/* Same bytes as DuckDB's duckdb_string_t: up to 12 bytes inline, else a prefix and a pointer. */
struct decoder_string {
    uint32_t len;
    union {
        char inlined[12];
        struct {
            char prefix[4];
            const char *ptr;
        } __attribute__((packed)) ref;
    };
};
struct decoder_list {
    uint64_t offset, length;
};

struct decoder_vec {
    void *data;         /* per layout above; NULL for struct */
    uint64_t *validity; /* never NULL */
    struct decoder_vec *children;
    size_t child_count;
    size_t capacity; /* rows; for a list's child it grows */
    size_t size;     /* list child: elements used so far; set to 0 for a new chunk */
    /* List child only: make room for `need` rows (capacity, data and validity of this vec and its
     * descendants updated). Non-zero: out of memory. */
    int (*grow)(struct decoder_vec *v, size_t need);
    void *owner;
};

struct decoder_column {
    struct bytes name;     /* column name, lower case */
    struct bytes json_key; /* member name when it differs (ColumnToJsonKeyMappings); else empty */
    const struct type *type;
};

enum decoder_isa { DECODER_ISA_AUTO, DECODER_ISA_PORTABLE, DECODER_ISA_AVX2, DECODER_ISA_NEON };

struct decoder_options {
    const struct decoder_column *columns;
    size_t column_count;
    bool case_sensitive;
    bool dots_to_underscores; /* member "a.b" feeds column a_b */
    enum decoder_isa isa;     /* AUTO: best the machine has */
    size_t max_depth;         /* nesting in a record; 0: 100 */
};

struct decoder;
/* Types, names are copied or kept in `a`, which must outlive the decoder. */
int decoder_new(struct arena *a, const struct decoder_options *o, struct decoder **ret,
                struct err *e) WARN_UNUSED;
void decoder_free(struct decoder **d);

/* Why a record does not fit; for the error prefix. */
enum decoder_reason {
    DECODER_OK,
    DECODER_MALFORMED,  /* not JSON: DataFormatConversion.ParseError */
    DECODER_NOT_OBJECT, /* a JSON value that is no object: DataFormatConversion.MalformedData */
    DECODER_BAD_TYPE,   /* a value does not fit its column: DataFormatConversion.MalformedData */
    DECODER_TOO_DEEP,
    DECODER_NO_MEMORY,
    DECODER_CHUNK_FULL /* more documents than room; call again with an empty chunk */
};
struct decoder_fault {
    enum decoder_reason reason;
    struct bytes column; /* the top-level column, or empty */
    size_t offset;       /* byte in the record */
    char text[256];      /* a sentence */
};

/* Decodes all documents of one record into rows first_row, first_row+1, ... (< max_rows) of `vecs`
 * (one per column, in order). Returns the number of rows (0 for a blank record), or -1 with *fault
 * filled and the vectors as they were (list children rewound). String columns may point into
 * `record` and into the decoder's own memory: both must stay until the chunk is consumed and
 * decoder_reset_strings is called. */
ptrdiff_t decoder_record(struct decoder *d, struct bytes record, struct decoder_vec *vecs,
                         size_t first_row, size_t max_rows,
                         struct decoder_fault *fault) WARN_UNUSED;
/* The same from byte *offset on, as far as there is room: *offset moves to the first document left
 * out, or to the record's end. For a record with more documents than an empty chunk holds: decode
 * it in parts once into a chunk that is thrown away, to know that all of it is good, then again. */
ptrdiff_t decoder_record_part(struct decoder *d, struct bytes record, size_t *offset,
                              struct decoder_vec *vecs, size_t first_row, size_t max_rows,
                              struct decoder_fault *fault) WARN_UNUSED;
/* Forgets unescaped strings of earlier chunks. */
void decoder_reset_strings(struct decoder *d);
/* Which path runs: "avx2", "neon", "portable". */
const char *decoder_isa_name(const struct decoder *d);

#endif
