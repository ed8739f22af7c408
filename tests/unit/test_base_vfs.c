/* test_base_vfs.c - the real file system, its faulty twin and the helpers. */
#include "base/mem.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static int make_root(void **state) {
    strcpy(root, "/tmp/tarn-vfs-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state) {
    char command[100];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static const char *in_root(const char *name) {
    static char paths[4][256];
    static int turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, 256, "%s/%s", root, name);
    return path;
}

static void test_atomic_write_is_all_or_nothing(void **state) {
    struct vfs_faulty f;
    struct vfs *v = &f.base;
    struct err e;
    vfs_faulty_init(&f, vfs_system());
    f.fail_errno = ENOSPC;
    const char *path = in_root("file"), *tmp = in_root("file.tmp");
    assert_int_equal(vfs_write_file_atomic(v, path, tmp, BYTES("old"), &e), 0);
    for (int nth = 1;; nth++) {
        struct buf got = {0};
        f.fail_at = nth;
        int rc = vfs_write_file_atomic(v, path, tmp, BYTES("new content"), &e);
        f.fail_at = 0;
        assert_int_equal(vfs_read_file(v, path, 100, &got, &e), 0);
        bool is_new = bytes_eq_str(buf_bytes(&got), "new content");
        assert_true(is_new || bytes_eq_str(buf_bytes(&got), "old"));
        buf_clear(&got);
        if (rc == 0) {
            assert_true(is_new && nth > 5);
            break;
        }
        assert_int_equal(rc, ERR_IO);
        assert_non_null(strstr(e.text, "No space"));
        assert_int_equal(access(tmp, F_OK), -1);
    }
}

static void test_torn_write_and_sticky(void **state) {
    struct vfs_faulty f;
    struct vfs *v = &f.base;
    char got[8] = {0};
    vfs_faulty_init(&f, vfs_system());
    int fd = v->ops->open(v, in_root("torn"), O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    f.sticky = true;
    f.fail_at = 2;
    assert_int_equal(vfs_pwrite_all(v, fd, "ab", 2, 0), 0);
    assert_int_equal(vfs_pwrite_all(v, fd, "cdef", 4, 2), -EIO);
    assert_int_equal(v->ops->fdatasync(v, fd), -EIO);
    f.fail_at = 0;
    assert_int_equal(v->ops->pread(v, fd, got, 8, 0), 4);
    assert_string_equal(got, "abcd");
    assert_int_equal(vfs_pread_all(v, fd, got, 8, 0), -EIO);
    assert_int_equal(f.count, 7);
    assert_int_equal(v->ops->close(v, fd), 0);
}

static int count_names(void *ctx, const char *name, bool is_dir) {
    int *counts = ctx;
    counts[is_dir]++;
    return strcmp(name, "stop") == 0 ? 42 : 0;
}

static void test_folders(void **state) {
    struct vfs *v = vfs_system();
    struct err e;
    struct vfs_stat st;
    int counts[2] = {0};
    assert_int_equal(vfs_mkdirs(v, in_root("a/b/c"), &e), 0);
    assert_int_equal(vfs_mkdirs(v, in_root("a/b/c/"), &e), 0);
    assert_int_equal(v->ops->stat(v, in_root("a/b/c"), &st), 0);
    assert_true(st.is_dir);
    assert_int_equal(vfs_write_file_atomic(v, in_root("a/f"), in_root("a/t"), BYTES("x"), &e), 0);
    assert_int_equal(vfs_mkdirs(v, in_root("a/f/g"), &e), ERR_IO);
    assert_int_equal(vfs_list(v, in_root("a"), count_names, counts), 0);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    assert_int_equal(vfs_mkdirs(v, in_root("a/stop"), &e), 0);
    assert_int_equal(vfs_list(v, in_root("a"), count_names, counts), 42);
    assert_int_equal(vfs_list(v, in_root("none"), count_names, counts), -ENOENT);
}

static void test_read_limits(void **state) {
    struct vfs *v = vfs_system();
    struct err e;
    struct buf out = {0};
    buf_add_str(&out, "kept");
    assert_int_equal(vfs_read_file(v, in_root("none"), 10, &out, &e), ERR_RESOURCE_NOT_FOUND);
    assert_int_equal(vfs_write_file_atomic(v, in_root("r"), in_root("t"), BYTES("12345"), &e), 0);
    assert_int_equal(vfs_read_file(v, in_root("r"), 4, &out, &e), ERR_IO);
    assert_int_equal(out.len, 4);
    buf_clear(&out);
    mem_test_fail_nth(1);
    assert_int_equal(vfs_read_file(v, in_root("r"), 5, &out, &e), ERR_NOMEM);
    mem_test_fail_nth(0);
    buf_clear(&out);
    buf_add_str(&out, "kept");
    assert_int_equal(vfs_read_file(v, in_root("r"), 5, &out, &e), 0);
    assert_string_equal(buf_cstr(&out), "kept12345");
    buf_clear(&out);
}

/* First of all tests: vfs_system() has not looked at the environment yet. */
static void test_environment_switch(void **state) {
    pid_t child = fork();
    if (child == 0) {
        setenv("TARN_VFS_FAIL", "2:28:sticky", 1);
        struct vfs *v = vfs_system();
        struct vfs_stat st;
        bool fine = v->ops->stat(v, "/", &st) == 0 && v->ops->stat(v, "/", &st) == -ENOSPC &&
                    v->ops->stat(v, "/", &st) == -ENOSPC;
        _exit(fine ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_switch),
        cmocka_unit_test(test_atomic_write_is_all_or_nothing),
        cmocka_unit_test(test_torn_write_and_sticky),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_read_limits),
    };
    return cmocka_run_group_tests(tests, make_root, drop_root);
}
