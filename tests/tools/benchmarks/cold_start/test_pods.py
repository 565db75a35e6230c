"""What is read of a pod from outside, by either version of cgroups."""

from __future__ import annotations

from tools.benchmarks.cold_start.pods import own_memory, transferred

NET_DEV = """Inter-|   Receive                            |  Transmit
 face |bytes    packets errs drop fifo frame|bytes    packets errs drop
    lo:     999       9    0    0    0     0    0    0     999       9    0    0
  eth0: 1048576    1000    0    0    0     0    0    0  123456     900    0    0
"""
V1 = "cache 900\nrss 1\nshmem 2\ntotal_cache 9000\ntotal_rss 100\ntotal_shmem 20\n"
V2 = "anon 100\nfile 9000\nshmem 20\n"


def test_bytes_are_counted_both_ways_without_the_loopback() -> None:
    assert transferred(NET_DEV) == (1 << 20, 123456)


def test_memory_is_what_processes_hold_and_no_files() -> None:
    assert own_memory(V1) == own_memory(V2) == 120
