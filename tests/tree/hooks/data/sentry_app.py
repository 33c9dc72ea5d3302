from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware


def broken(environ, start_response):
    raise ZeroDivisionError("caught by sentry")


app = SentryWsgiMiddleware(broken)
