/* fuzz_s3_xml.c - the XML reader: it ends, keeps its depth, and gives out valid UTF-8 only. */
#include "api/s3/s3_int.h"
#include "base/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    arena_init(&a, MIB(8));
    struct xml_reader r = {.arena = &a, .rest = bytes_of(data, size)};
    enum xml_event ev;
    size_t steps = 0;
    while ((ev = xml_next(&r)) != XML_END && ev != XML_BAD) {
        if (++steps > 2 * size + 2 || r.depth < 0 || (ev == XML_TEXT && !utf8_valid(r.value)))
            __builtin_trap();
    }
    arena_clear(&a);
    return 0;
}
