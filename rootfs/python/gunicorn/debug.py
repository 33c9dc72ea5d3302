"""Every line that runs, on standard output (the setting spew)."""

import linecache
import os
import sys

_TOOL = sys.monitoring.DEBUGGER_ID


class Spew:
    """A trace function, for sys.settrace. trace_names: of the modules that
    are shown, else all; show_values: with the names that a line reads."""

    def __init__(self, trace_names=None, show_values=True):
        self.trace_names = trace_names
        self.show_values = show_values

    def __call__(self, frame, event, arg):
        if event == "line":
            self.show(frame, frame.f_lineno)
        return self

    def show(self, frame, number):
        names = frame.f_globals
        file = frame.f_code.co_filename
        module = names.get("__name__") or "[unknown]"
        if self.trace_names is not None and module not in self.trace_names:
            return
        line = linecache.getline(file, number, names).rstrip()
        text = f"{module}:{number}: {line}\n"
        if self.show_values:
            text += self.values(frame)
        try:
            os.write(1, text.encode(errors="backslashreplace"))
        except OSError:  # nobody reads
            pass

    def values(self, frame):
        shown = []
        for name in frame.f_code.co_names:
            where = frame.f_locals if name in frame.f_locals else \
                frame.f_globals
            try:
                shown.append(f"{name}={where[name]!r}")
            except Exception:  # not there, or it has no repr
                pass
        return f"{' '.join(shown)}\n" if shown else ""


def spew(trace_names=None, show_values=False):
    """Begins, in all threads: those of the server are not of threading."""
    shows = Spew(trace_names, show_values)
    monitoring = sys.monitoring
    if monitoring.get_tool(_TOOL) is None:
        monitoring.use_tool_id(_TOOL, "spew")

    def line(code, number):
        shows.show(sys._getframe(1), number)

    monitoring.register_callback(_TOOL, monitoring.events.LINE, line)
    monitoring.set_events(_TOOL, monitoring.events.LINE)


def unspew():
    if sys.monitoring.get_tool(_TOOL) == "spew":
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)
