/* clock.h - the time, behind a seam so that tests can turn it. */
#ifndef TARN_BASE_CLOCK_H
#define TARN_BASE_CLOCK_H

#include "base/bytes.h"

struct clock;
struct clock_ops {
    int64_t (*wall_ms)(struct clock *c); /* milliseconds since 1970 UTC */
    int64_t (*mono_us)(struct clock *c); /* microseconds since some start; never goes back */
};
struct clock {
    const struct clock_ops *ops;
};

/* The machine's clock; static, never freed. With TARN_CLOCK_FILE in the environment its wall time
 * is shifted by the number of milliseconds that file holds (read again when it changes): the
 * server-level test twin. */
struct clock *clock_system(void);

/* Unit-test twin: stands still until turned. Place it anywhere; nothing to free. */
struct clock_manual {
    struct clock base;
    _Atomic int64_t now_ms; /* assign from any thread */
};
void clock_manual_init(struct clock_manual *m, int64_t now_ms);

static inline int64_t clock_wall_ms(struct clock *c) {
    return c->ops->wall_ms(c);
}
static inline int64_t clock_mono_us(struct clock *c) {
    return c->ops->mono_us(c);
}

/* ---- UTC calendar helpers (proleptic Gregorian) ---- */
struct clock_fields {
    int year, month, day;     /* month 1-12, day 1-31 */
    int hour, minute, second; /* 0-23, 0-59, 0-59 */
    int millis;
    int day_of_year; /* 1-366 */
    int iso_weekday; /* 1 Monday - 7 Sunday */
};
void clock_split_ms(int64_t wall_ms, struct clock_fields *ret);
int64_t clock_join_ms(const struct clock_fields *f);
int64_t clock_days_from_civil(int year, int month, int day); /* days since 1970-01-01 */
/* "2020-01-23T20:38:42.151Z" into 32 bytes. */
void clock_format_iso(int64_t wall_ms, char out[32]);
/* "Thu, 23 Jan 2020 20:38:42 GMT" into 40 bytes (RFC 1123, HTTP dates). */
void clock_format_http(int64_t wall_ms, char out[40]);

#endif
