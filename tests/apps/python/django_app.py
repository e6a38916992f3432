"""The application in Django, in one file: `manage` for commands, `application` for WSGI, `asgi` for ASGI."""

from __future__ import annotations

import sys
from typing import Any

import django
import shop
from django.conf import settings


def number(username: str) -> int:
    """Return the id of a user."""
    return int.from_bytes(username.encode()[:7], "big")


ENGINE = None if shop.BARE else shop.make_engine()
if ENGINE is not None:
    ENGINE.block(user=str(number("mallory")))
MIDDLEWARE, APPS = ([], []) if shop.BARE else (["bartizan.django.Middleware"], ["bartizan.django"])

settings.configure(
    SECRET_KEY="test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(shop.FOLDER / "db"),
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.auth", *APPS],
    MIDDLEWARE=[
        *MIDDLEWARE,
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    BARTIZAN={"engine": ENGINE},
    DATA_UPLOAD_MAX_MEMORY_SIZE=20_000_000,
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import authenticate, get_user_model, login  # noqa: E402
from django.contrib.auth.backends import ModelBackend  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command, execute_from_command_line  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connections  # noqa: E402
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.http import require_GET, require_POST, require_safe  # noqa: E402

call_command("migrate", verbosity=0)
connections.close_all()  # a forked server must open its own
User = get_user_model()


class Backend(ModelBackend):  # type: ignore[misc]
    """Makes accounts when they are asked for."""

    def authenticate(self, request: Any, username: str = "", password: str = "", **_: Any) -> Any:
        """Check a password."""
        if not shop.has_account(username, password):
            return None
        user = User(pk=number(username), username=username)
        return User.objects.bulk_create([user], ignore_conflicts=True)[0]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


@require_POST
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.digest(request.body))


@require_GET
def items(request: HttpRequest, item: str) -> HttpResponse:
    return HttpResponse(f"item {item}")


@require_POST
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"name={request.POST.get('name')}")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    return HttpResponse("nothing" if file is None else f"{file.name}:{file.size}")


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    number = request.GET["parts"]
    if not isinstance(getattr(request, "scope", None), dict):
        return StreamingHttpResponse(shop.parts(number))

    async def parts() -> Any:
        for part in shop.parts(number):
            yield part

    return StreamingHttpResponse(parts())


@require_GET
def leak(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret", headers={"x-leak": "secret"})


@require_GET
def error(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("wrong", status=401)
    login(request, user)
    return HttpResponse("welcome")


@require_POST
def signup(request: HttpRequest) -> HttpResponse:
    User.objects.filter(username=request.POST["username"]).delete()
    User.objects.create_user(request.POST["username"])
    return HttpResponse("created")


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.username, status=200 if request.user.is_authenticated else 401)


@require_GET
def caught(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.caught(request.GET["user"]))


def file(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.read(request.GET.get("name") or request.POST["name"]))


@require_GET
def query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.query(request.GET["id"]))


@require_GET
def run(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.run(request.GET["word"]))


@require_GET
def fetch(request: HttpRequest) -> HttpResponse:
    return HttpResponse(shop.fetch(request.GET.get("host")))


urlpatterns = [path("", index), path("items/<item>", items), path("login", sign_in)]
urlpatterns += [
    path(view.__name__, view)
    for view in (echo, form, upload, stream, leak, error, signup, me, caught, file, query, run, fetch)
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
else:
    application = get_wsgi_application()
    asgi = get_asgi_application()
