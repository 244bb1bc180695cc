"""Timing of one step, by the rules of ../harness/measure.ts."""

import json
import os
import resource
import time

WARM_UP = 2


def measure(step, seconds, fewest=3):
    start = time.perf_counter()
    for _ in range(WARM_UP):
        if time.perf_counter() - start < seconds:
            step()
    times = []
    start, busy, own = time.perf_counter(), busy_seconds(), sum(os.times()[:2])
    while time.perf_counter() - start < seconds or len(times) < fewest:
        began = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - began))
    elapsed = time.perf_counter() - start
    own = sum(os.times()[:2]) - own
    foreign = None if busy is None else (busy_seconds() - busy - own) / elapsed
    times.sort()
    return {
        "ms": times[len(times) // 2],
        "min": times[0],
        "steps": len(times),
        "foreign": foreign,
        "rssMiB": peak_mib(),
    }


def report(measurement, **more):
    print(json.dumps({**measurement, **more}), flush=True)


def peak_mib():
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def busy_seconds():
    try:
        with open("/proc/stat") as stat:
            fields = stat.readline().split()
        user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[1:9])
        busy = user + nice + system + irq + softirq + steal
        return busy / os.sysconf("SC_CLK_TCK")
    except OSError:
        return None
