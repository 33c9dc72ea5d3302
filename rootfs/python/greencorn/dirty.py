"""gunicorn.dirty by our own name: the same modules, not copies of them."""

import sys

import gunicorn.dirty
from gunicorn.dirty import (app, arbiter, client, errors, protocol, stash, tlv,
                            worker)

for _part in (app, arbiter, client, errors, protocol, stash, tlv, worker):
    sys.modules[f"{__name__}.{_part.__name__.rpartition('.')[2]}"] = _part
sys.modules[__name__] = gunicorn.dirty
