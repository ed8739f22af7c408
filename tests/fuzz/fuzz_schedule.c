/* Schedule expressions: any text is a schedule or an error, and the next moment lies ahead. */
#include "base/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct schedule s;
    struct err e = {0};
    if (schedule_parse(bytes_of(data, size), &s, &e)) {
        assert(e.code == ERR_INVALID_INPUT);
        return 0;
    }
    int64_t after = INT64_C(1700000000000);
    int64_t next = schedule_next(&s, after);
    assert(next == -1 || next > after);
    return 0;
}
