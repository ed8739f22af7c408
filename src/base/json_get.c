/* json_get.c - looking into a tree. Members are few, so lookups are linear; the last of several
 * equal names wins. */
#include "base/json.h"
#include "base/mem.h"
#include <stdlib.h>

const struct json *json_get_raw(const struct json *j, const char *name) {
    const struct json *found = NULL;
    if (!j || j->kind != JSON_OBJECT) {
        return NULL;
    }
    struct bytes wanted = bytes_str(name);
    JSON_FOR_EACH(child, j) {
        if (bytes_eq(child->name, wanted)) {
            found = child;
        }
    }
    return found;
}

const struct json *json_get(const struct json *j, const char *name) {
    const struct json *found = json_get_raw(j, name);
    return found && found->kind != JSON_NULL ? found : NULL;
}

const struct json *json_at(const struct json *j, size_t index) {
    if (!j || j->kind != JSON_ARRAY) {
        return NULL;
    }
    JSON_FOR_EACH(child, j) {
        if (index-- == 0) {
            return child;
        }
    }
    return NULL;
}

struct bytes json_get_str(const struct json *j, const char *name) {
    const struct json *found = json_get(j, name);
    return found && found->kind == JSON_STRING ? found->text : (struct bytes){0};
}

#define EXPONENT_CAP 100000

/* Behind the 'e'; clamped, since the text may be as long as it likes. */
static int64_t read_exponent(struct bytes v) {
    bool negative = v.len > 0 && v.ptr[0] == '-';
    int64_t value = 0;
    for (size_t i = v.len > 0 && (negative || v.ptr[0] == '+'); i < v.len; i++) {
        value = MIN_OF(value * 10 + (v.ptr[i] - '0'), EXPONENT_CAP);
    }
    return negative ? -value : value;
}

/* Collects significant digits as integer * 10^*ret_exponent; false when over 64 bits. */
static bool read_digits(struct bytes v, uint64_t *ret, int64_t *ret_exponent) {
    uint64_t value = 0;
    int64_t zeros = 0, scale = 0; /* zeros: seen but not yet multiplied in */
    bool behind_point = false;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] == '.') {
            behind_point = true;
            continue;
        }
        scale -= behind_point;
        zeros++;
        if (v.ptr[i] == '0') {
            continue;
        }
        for (; zeros > 0; zeros--) {
            if (__builtin_mul_overflow(value, 10u, &value)) {
                return false;
            }
        }
        if (__builtin_add_overflow(value, (uint64_t)(v.ptr[i] - '0'), &value)) {
            return false;
        }
    }
    *ret = value;
    *ret_exponent = scale + zeros;
    return true;
}

/* Exact, also for 5.0, 5e0 and 0.5e1. */
static bool number_to_i64(struct bytes text, int64_t *ret) {
    bool negative = text.len > 0 && text.ptr[0] == '-';
    struct bytes digits = bytes_slice(text, negative, text.len);
    uint64_t value;
    int64_t exponent, written = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if ((digits.ptr[i] | 0x20) == 'e') {
            written = read_exponent(bytes_slice(digits, i + 1, digits.len));
            digits.len = i;
        }
    }
    if (!read_digits(digits, &value, &exponent)) {
        return false;
    }
    exponent = value ? exponent + written : 0;
    if (exponent < 0) {
        return false;
    }
    for (; exponent > 0; exponent--) {
        if (__builtin_mul_overflow(value, 10u, &value)) {
            return false;
        }
    }
    if (value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool json_to_i64(const struct json *j, int64_t *ret) {
    if (!j || j->kind != JSON_NUMBER) {
        return false;
    }
    return bytes_to_i64(j->text, ret) || number_to_i64(j->text, ret);
}

int64_t json_get_i64(const struct json *j, const char *name, int64_t otherwise) {
    int64_t value;
    return json_to_i64(json_get(j, name), &value) ? value : otherwise;
}

double json_get_f64(const struct json *j, const char *name, double otherwise) {
    const struct json *found = json_get(j, name);
    char small[64], *text = small;
    if (!found || found->kind != JSON_NUMBER) {
        return otherwise;
    }
    if (found->text.len < sizeof(small)) {
        memcpy(small, found->text.ptr, found->text.len);
        small[found->text.len] = '\0';
    } else {
        text = mem_strndup(found->text.ptr, found->text.len);
    }
    double value = text ? strtod(text, NULL) : otherwise;
    if (text != small) {
        mem_free(text);
    }
    return value;
}

bool json_get_bool(const struct json *j, const char *name, bool otherwise) {
    const struct json *found = json_get(j, name);
    if (!found || (found->kind != JSON_TRUE && found->kind != JSON_FALSE)) {
        return otherwise;
    }
    return found->kind == JSON_TRUE;
}
