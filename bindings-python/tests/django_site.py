"""A Django project in one file, for tests: views of both kinds, users, a database in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import django
from django.conf import settings

FOLDER = tempfile.TemporaryDirectory()
PLAIN_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

settings.configure(
    SECRET_KEY="test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(FOLDER.name) / "db.sqlite3"),
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.auth",
        "bartizan.django",
    ],
    MIDDLEWARE=PLAIN_MIDDLEWARE,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=20_000_000,
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from bartizan import sdk  # noqa: E402
from django.contrib.auth import aauthenticate, alogin, authenticate, get_user_model, login  # noqa: E402
from django.contrib.auth.forms import UserCreationForm  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

call_command("migrate", verbosity=0)
User = get_user_model()


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def items(request: HttpRequest, item: Any) -> HttpResponse:
    return HttpResponse(f"item {item}")


def me(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if "sdk" in request.POST:
        sdk.track_login_success(request.POST["sdk"], request.POST["sdk"])
    if user is None:
        return HttpResponse("wrong user or password", status=401)
    login(request, user)
    return HttpResponse("welcome")


async def sign_in_async(request: HttpRequest) -> HttpResponse:
    user = await aauthenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("wrong user or password", status=401)
    await alogin(request, user)
    return HttpResponse("welcome")


def sign_up(request: HttpRequest) -> HttpResponse:
    form = UserCreationForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_json(), status=400)
    form.save()
    return HttpResponse("created")


def create(request: HttpRequest) -> HttpResponse:
    User.objects.create_user(request.POST["username"], password="a secret")
    return HttpResponse("created")


def length(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(" ".join(f"{name}={file.name}:{file.size}" for name, file in sorted(request.FILES.items())))


async def plain_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


async def me_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str((await request.auser()).pk))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        yield "a"
        sdk.set_user(None, "streamer")
        yield "b"

    return StreamingHttpResponse(parts())


async def stream_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    return StreamingHttpResponse(parts())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def raw(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("select 'evil', %s", ["x"])
        return HttpResponse(str(cursor.fetchone()))


async def raw_async(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(raw)(request)


def careless(request: HttpRequest) -> HttpResponse:
    try:
        sdk.set_user(None, "mallory")
    except BaseException as error:
        raise ValueError from error
    return HttpResponse("not blocked")


VIEWS = [plain, me, sign_in, sign_in_async, sign_up, create, length, upload, plain_async, me_async]
VIEWS += [raw, raw_async, stream, stream_async, file, broken, careless]
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]
urlpatterns += [path("items/<int:item>/", items), path("items/<item>/", items)]
