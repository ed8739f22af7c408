/* time_pattern_int.h - between the files of time_pattern.h: a time in its fields, and reading one
 * field after the other. */
#ifndef TARN_DUCK_TIME_PATTERN_INT_H
#define TARN_DUCK_TIME_PATTERN_INT_H

#include "base/clock.h"
#include "duck/time_pattern.h"

#define PATTERN_DAY_MICROS INT64_C(86400000000)

extern const char *const pattern_months[12];
extern const char *const pattern_days[7]; /* from Monday */

/* ---- printing ---- */
struct moment {
    struct clock_fields f;
    int week_year, week; /* ISO */
};
/* Down to milliseconds. */
struct moment moment_of(int64_t micros);
int hour12(int h);

/* ---- reading ---- */
struct parsing {
    struct bytes v;
    size_t at;
    int64_t year, month, day, hour, minute, second;
    int64_t picos;                                 /* of the second */
    int64_t day_of_year, week_year, week, weekday; /* 0: not given; week_year INT64_MIN */
    int pm;                                        /* -1 unsaid */
    bool half;                                     /* the hour is of 12 */
    unsigned zone;
};
struct parsing parsing_of(struct bytes v);
bool take_number(struct parsing *p, int max, int64_t *ret);
/* The same with a sign before it. */
bool take_signed(struct parsing *p, int max, int64_t *ret);
bool take_fraction(struct parsing *p, int max);
/* In any case of letters. */
bool take_text(struct parsing *p, const char *t, size_t n);
bool take_name(struct parsing *p, const char *const *names, int count, int64_t *ret);
bool take_half(struct parsing *p);
/* Z, +01, +0130, +01:30 */
bool take_offset(struct parsing *p);
/* All of the value read, and the fields a time: days since 1970 and microseconds of the day. */
bool assemble(struct parsing *p, int64_t *ret_days, int64_t *ret_micros);
bool refuse(struct time_pattern_result *r, enum time_pattern_why why, char letter, size_t at);

#endif
