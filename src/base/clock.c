/* clock.c - the machine's clock, its test twins, and calendar arithmetic.
 *
 * Calendar: count days in years that begin in March, so that the leap day is the last one and the
 * months' lengths follow (153 m + 2) / 5; 400-year eras of 146,097 days make it valid for negative
 * years. The shift file (TARN_CLOCK_FILE) is read outside vfs: it belongs to the test harness and
 * must not count as an operation of the program. */
#include "base/clock.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct clock_real {
    struct clock base;
    const char *shift_path; /* set once */
    pthread_once_t once;
    pthread_mutex_t lock; /* guards what follows */
    struct timespec seen;
    ino_t seen_inode;
    off_t seen_size;
    int64_t shift_ms;
};

static int64_t real_wall_ms(struct clock *c);

static int64_t real_mono_us(struct clock *c) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const struct clock_ops real_ops = {.wall_ms = real_wall_ms, .mono_us = real_mono_us};
static struct clock_real system_clock = {
    .base = {.ops = &real_ops},
    .once = PTHREAD_ONCE_INIT,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

static void find_shift_path(void) {
    system_clock.shift_path = getenv("TARN_CLOCK_FILE");
}

static int64_t read_shift(const char *path, int64_t otherwise) {
    char text[32];
    int64_t shift;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return otherwise;
    }
    ssize_t len = read(fd, text, sizeof(text));
    (void)close(fd);
    struct bytes number = bytes_trim(bytes_of(text, len > 0 ? (size_t)len : 0));
    return bytes_to_i64(number, &shift) ? shift : otherwise;
}

static int64_t current_shift(struct clock_real *r) {
    struct stat st;
    pthread_mutex_lock(&r->lock);
    if (stat(r->shift_path, &st) == 0 &&
        (st.st_mtim.tv_sec != r->seen.tv_sec || st.st_mtim.tv_nsec != r->seen.tv_nsec ||
         st.st_ino != r->seen_inode || st.st_size != r->seen_size)) {
        r->shift_ms = read_shift(r->shift_path, r->shift_ms);
        r->seen = st.st_mtim;
        r->seen_inode = st.st_ino;
        r->seen_size = st.st_size;
    }
    int64_t shift = r->shift_ms;
    pthread_mutex_unlock(&r->lock);
    return shift;
}

static int64_t real_wall_ms(struct clock *c) {
    struct clock_real *r = CONTAINER_OF(c, struct clock_real, base);
    struct timespec t;
    pthread_once(&r->once, find_shift_path);
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    return r->shift_path ? now + current_shift(r) : now;
}

struct clock *clock_system(void) {
    return &system_clock.base;
}

/* ---- manual twin ---- */

static int64_t manual_wall_ms(struct clock *c) {
    return CONTAINER_OF(c, struct clock_manual, base)->now_ms;
}

static int64_t manual_mono_us(struct clock *c) {
    return manual_wall_ms(c) * 1000;
}

void clock_manual_init(struct clock_manual *m, int64_t now_ms) {
    static const struct clock_ops ops = {.wall_ms = manual_wall_ms, .mono_us = manual_mono_us};
    m->base.ops = &ops;
    m->now_ms = now_ms;
}

/* ---- calendar ---- */

#define DAY_MS INT64_C(86400000)
#define DAYS_PER_ERA 146097
#define EPOCH_FROM_MARCH_0 719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

int64_t clock_days_from_civil(int year, int month, int day) {
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t months_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * months_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_FROM_MARCH_0;
}

static void split_days(int64_t days, struct clock_fields *f) {
    int64_t shifted = days + EPOCH_FROM_MARCH_0;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t doe = shifted - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month_index = (5 * doy + 2) / 153;
    f->day = (int)(doy - (153 * month_index + 2) / 5 + 1);
    f->month = (int)(month_index < 10 ? month_index + 3 : month_index - 9);
    f->year = (int)(yoe + era * 400 + (f->month <= 2));
    f->day_of_year = (int)(days - clock_days_from_civil(f->year, 1, 1) + 1);
    f->iso_weekday = (int)(((days % 7 + 7) + 3) % 7) + 1; /* day 0 was a Thursday */
}

void clock_split_ms(int64_t wall_ms, struct clock_fields *ret) {
    int64_t days = floor_div(wall_ms, DAY_MS);
    int64_t rest = wall_ms - days * DAY_MS;
    split_days(days, ret);
    ret->hour = (int)(rest / 3600000);
    ret->minute = (int)(rest / 60000 % 60);
    ret->second = (int)(rest / 1000 % 60);
    ret->millis = (int)(rest % 1000);
}

int64_t clock_join_ms(const struct clock_fields *f) {
    int64_t days = clock_days_from_civil(f->year, f->month, f->day);
    return days * DAY_MS + f->hour * INT64_C(3600000) + f->minute * INT64_C(60000) +
           f->second * INT64_C(1000) + f->millis;
}

void clock_format_iso(int64_t wall_ms, char out[32]) {
    struct clock_fields f;
    clock_split_ms(wall_ms, &f);
    (void)snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", f.year, f.month, f.day, f.hour,
                   f.minute, f.second, f.millis);
}

void clock_format_http(int64_t wall_ms, char out[40]) {
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct clock_fields f;
    clock_split_ms(wall_ms, &f);
    (void)snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                   days + 3 * (f.iso_weekday - 1), f.day, months + 3 * (f.month - 1), f.year,
                   f.hour, f.minute, f.second);
}
