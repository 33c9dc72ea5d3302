"""What dirty workers run, and how it is named and loaded."""

from .errors import DirtyAppError, DirtyAppNotFoundError


class DirtyApp:
    """An application for long calls; each dirty worker that holds it has one
    object of it. Its public methods are what callers name as action."""

    workers = None  # how many workers hold it; None: all

    # A classmethod, called before __init__, once in each worker, or once
    # before workers are forked, where the setting dirty_preload is on: for
    # what all objects may share, a model's weights, so that its memory is
    # there only once. No threads, files or connections: they do not cross.
    preload = None

    def init(self):
        """Called once, in the worker, before the first call."""

    def __call__(self, action, *args, **kwargs):
        method = None
        if not action.startswith("_"):
            method = getattr(self, action, None)
        if method is None:
            raise ValueError(f"Unknown action: {action}")
        return method(*args, **kwargs)

    def close(self):
        """Called when the worker ends."""


def parse_dirty_app_spec(spec):
    """("module:Class", how many workers, or None) of "module:Class[:N]"."""
    parts = spec.split(":")
    if len(parts) not in (2, 3):
        raise DirtyAppError(
            f"Invalid import path format: {spec}. Expected "
            "'module:class' or 'module:class:N'", app_path=spec)
    if len(parts) == 2:
        return spec, None
    try:
        count = int(parts[2])
    except ValueError:
        count = 0
    if count < 1:
        raise DirtyAppError(f"Invalid worker count in spec: {spec}. "
                            "It must be a whole number, at least 1",
                            app_path=spec)
    return ":".join(parts[:2]), count


def load_dirty_app_class(import_path):
    """The class that "module:Class" names."""
    module_name, _, name = import_path.partition(":")
    if not name or ":" in name:
        raise DirtyAppError(f"Invalid import path format: {import_path}. "
                            "Expected 'module:class'", app_path=import_path)
    try:
        found = __import__(module_name, fromlist=["_"])
    except ModuleNotFoundError as e:
        missing = e.name or ""
        if module_name == missing or module_name.startswith(missing + "."):
            raise DirtyAppNotFoundError(import_path) from e
        raise
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as e:
            raise DirtyAppNotFoundError(import_path) from e
    if not isinstance(found, type):
        raise DirtyAppError(f"{import_path} is not a class",
                            app_path=import_path)
    for method in ("init", "__call__", "close"):
        if not callable(getattr(found, method, None)):
            raise DirtyAppError(
                f"{import_path} has no method {method}: is it a DirtyApp?",
                app_path=import_path)
    return found


def load_dirty_app(import_path):
    """A new object of that class; init is the caller's to call."""
    kind = load_dirty_app_class(import_path)
    try:
        return kind()
    except Exception as e:
        raise DirtyAppError(f"Failed to instantiate dirty app: {e}",
                            app_path=import_path) from e


def load_dirty_apps(import_paths):
    return {path: load_dirty_app(path) for path in import_paths}


def get_app_workers_attribute(import_path):
    """The class's attribute workers: a number, or None."""
    return getattr(load_dirty_app_class(import_path), "workers", None)
