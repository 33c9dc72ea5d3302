"""The application of Gunicorn's dirty benchmark, by its description."""

import time

from gunicorn.dirty import DirtyApp


def spin(ms, intensity):
    """Computes for that long; how often, and for how long it was."""
    began = time.perf_counter()
    n = 0
    while (time.perf_counter() - began) * 1000 < ms:
        sum(i * i for i in range(int(1000 * intensity)))
        n += 1
    return n, (time.perf_counter() - began) * 1000


class BenchmarkApp(DirtyApp):
    def init(self):
        self.reset_stats()

    def reset_stats(self):
        self.n = 0
        self.slept = self.computed = 0.0
        return {"reset": True}

    def sleep_task(self, duration_ms):
        self.n += 1
        self.slept += duration_ms
        time.sleep(duration_ms / 1000)
        return {"slept_ms": duration_ms}

    def cpu_task(self, duration_ms, intensity=1.0):
        self.n += 1
        n, actual = spin(duration_ms, intensity)
        self.computed += actual
        return {"iterations": n, "target_ms": duration_ms,
                "actual_ms": actual, "intensity": intensity}

    def mixed_task(self, sleep_ms, cpu_ms, intensity=1.0):
        began = time.perf_counter()
        self.sleep_task(sleep_ms)
        n, actual = spin(cpu_ms, intensity)
        return {"sleep_ms": sleep_ms, "cpu_iterations": n,
                "target_cpu_ms": cpu_ms, "actual_cpu_ms": actual,
                "total_ms": (time.perf_counter() - began) * 1000}

    def payload_task(self, size_bytes, duration_ms=0):
        self.n += 1
        time.sleep(duration_ms / 1000)
        return {"data": "x" * size_bytes, "size": size_bytes}

    def echo_task(self, payload):
        self.n += 1
        return {"echoed_size": len(payload), "payload": payload}

    def stats(self):
        return {"call_count": self.n, "total_sleep_ms": self.slept,
                "total_cpu_ms": self.computed}

    def health(self):
        return {"status": "ok"}
