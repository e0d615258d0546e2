"""Memory that is used every step should not be fetched from the system every step."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # from glibc's malloc.h


def keep_pages():
    """Make glibc keep the blocks that tensors on the CPU free; by default it gives large ones back.

    Given back, they are faulted in again page by page, which can cost more than the arithmetic on them.
    """
    if sys.platform != 'linux':
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, 'mallopt'):  # other C libraries have none
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)
