"""Requests and answers as hooks and loggers see them."""

from gunicorn.http.message import Message, Request

__all__ = ["Message", "Request"]
