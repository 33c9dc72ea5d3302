"""The name under which applications and configuration files know the server.

greencorn offers Gunicorn's interfaces at this version; what is here is what
such files import. The server itself is not written in Python.
"""

version_info = (25, 0, 0)
__version__ = ".".join(map(str, version_info))
SERVER = "gunicorn"
SERVER_SOFTWARE = f"{SERVER}/{__version__}"
