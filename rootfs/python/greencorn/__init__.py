"""greencorn's own Python code. It rides inside the binary.

Modules that begin with an underscore run in every interpreter and are not for
applications: _boot comes first, before site.
"""

from _greencorn_frozen import version as __version__

__all__ = ["__version__"]
