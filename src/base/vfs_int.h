/* vfs_int.h - between the files of vfs. */
#ifndef TARN_BASE_VFS_INT_H
#define TARN_BASE_VFS_INT_H

#include "base/vfs.h"

/* The real file system without the TARN_VFS_FAIL switch; static. */
struct vfs *vfs_real(void);

#endif
