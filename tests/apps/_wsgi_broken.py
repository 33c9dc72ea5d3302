"""A module whose import fails within."""

import a_module_that_is_not_installed  # noqa: F401
