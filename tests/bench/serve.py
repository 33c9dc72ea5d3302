"""Starts a peer that has no command line, or none that is of use here.

    serve.py bjoern|fastwsgi MODULE:NAME PORT
"""

import importlib
import os
import sys
import warnings


def bjoern(app, port):
    import bjoern
    bjoern.run(app, "127.0.0.1", port)


def fastwsgi(app, port):
    warnings.simplefilter("ignore")  # it asks pkg_resources for its version
    import fastwsgi
    fastwsgi.server.tcp_nodelay = 1
    fastwsgi.server.init(app, "127.0.0.1", port)
    fastwsgi.server.run()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    module, _, name = sys.argv[2].partition(":")
    {"bjoern": bjoern, "fastwsgi": fastwsgi}[sys.argv[1]](
        getattr(importlib.import_module(module), name), int(sys.argv[3]))
