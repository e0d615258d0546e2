"""Memory that is used every step should not be fetched from the system every step."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # from glibc's malloc.h, and its defaults below
DEFAULTS = {M_MMAP_MAX: 65536, M_TRIM_THRESHOLD: 128 * 1024}


def keep_pages(keep: bool = True):
    """Make glibc keep the blocks that tensors on the CPU free, or, as it does by default, give large ones back.

    Given back, they are faulted in again page by page, which can cost more than the arithmetic on them.
    """
    if sys.platform != 'linux':
        return
    libc = ctypes.CDLL(None)
    if not hasattr(libc, 'mallopt'):  # other C libraries have none
        return
    libc.mallopt(M_MMAP_MAX, 0 if keep else DEFAULTS[M_MMAP_MAX])
    libc.mallopt(M_TRIM_THRESHOLD, -1 if keep else DEFAULTS[M_TRIM_THRESHOLD])
    if not keep:
        libc.malloc_trim(0)  # what was kept until now as well
