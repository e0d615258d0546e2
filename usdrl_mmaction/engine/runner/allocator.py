"""Keeps freed memory in the process: fetching it from the system again in every step takes time."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # from glibc's malloc.h


def keep_pages():
    """Makes glibc keep the memory that tensors on the CPU free. By default it gives large blocks back, and they are
    faulted in again page by page, which can cost more than the arithmetic on them."""
    if sys.platform != 'linux':
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, 'mallopt'):  # not in other C libraries
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)
