"""Protection of a Django project, as a middleware and an application.

In the settings, the middleware comes first, so that it sees requests as they arrived and answers as they leave::

    INSTALLED_APPS = [..., "bartizan.django"]
    MIDDLEWARE = ["bartizan.django.Middleware", ...]

The middleware gives the engine each request, also what the router finds in the path, and answers in place of the views
where it refuses one. It works under WSGI and ASGI, with views of both kinds. The application sees who logs in, fails
to, or signs up, and whose session a request belongs to, if the project uses ``django.contrib.auth``.

The setting ``BARTIZAN`` is a map with any of these:

- ``engine``: an `Engine`, or the dotted path of one or of a function that returns one; by default that of the process
- ``span``: a function that returns the service-entry span of the request that is served, or its dotted path
- ``client_ip_header``, ``trusted_proxies``: see `bartizan.wsgi.Protection`
"""

try:
    import django as _django  # noqa: F401
except ImportError as _missing:
    raise ImportError("bartizan.django needs the package `django`") from _missing

from bartizan.django.middleware import Middleware

__all__ = ["Middleware"]
