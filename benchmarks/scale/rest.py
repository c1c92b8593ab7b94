"""The comparator: joining as a usual Django REST framework endpoint does it, written for this benchmark.

Somebody signed in (session in the database) asks for a room by its slug and gets it with their access and a token for the media: four
queries, no write, one connection to the database for each request, and workers that do one request at a time.

    python -m benchmarks.scale.rest             makes its tables and rows, and prints what the measurement needs to know
    gunicorn benchmarks.scale.rest:application  serves; both take the database's address from REST_DATABASE
"""

import json
import os
import uuid
from typing import Any, ClassVar
from urllib.parse import urlsplit

import django
from django.conf import settings

ROOMS, PEOPLE = 2000, 60
SECRET = "a secret of the comparator, thirty-two bytes and more"  # noqa: S105 - it protects nothing


def configure(address: str) -> None:
    """Set Django up as its documentation does, without what a connection that stays would need."""
    url = urlsplit(address)
    settings.configure(
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": url.path[1:],
                "USER": url.username,
                "PASSWORD": url.password,
                "HOST": url.hostname,
                "PORT": url.port,
            }
        },
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "rest_framework"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


configure(os.environ["REST_DATABASE"])

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402
from livekit.api import AccessToken, VideoGrants  # noqa: E402
from rest_framework import serializers, viewsets  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402


class Resource(models.Model):
    """What people have access to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "rest"

    def __str__(self) -> str:
        return str(self.id)


class Room(Resource):
    """A room with a name in its address."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    access_level = models.CharField(max_length=20, default="public")
    configuration = models.JSONField(default=dict)

    objects: ClassVar[models.Manager["Room"]] = models.Manager()

    class Meta:
        app_label = "rest"


class Access(models.Model):
    """What somebody may do with a resource."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="accesses")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20)

    objects: ClassVar[models.Manager["Access"]] = models.Manager()

    class Meta:
        app_label = "rest"

    def __str__(self) -> str:
        return self.role


class RoomSerializer(serializers.ModelSerializer):  # type: ignore[misc] # comes without types
    """A room as it is answered."""

    class Meta:
        model = Room
        fields = ["id", "name", "slug", "access_level", "configuration"]

    def to_representation(self, instance: Room) -> dict[str, Any]:
        """Add what the asker may do, and a token for the media."""
        shown: dict[str, Any] = super().to_representation(instance)
        request = self.context["request"]
        roles = [access.role for access in Access.objects.filter(resource=instance, user=request.user)]
        name = request.query_params.get("username") or str(request.user)
        grants = VideoGrants(room_join=True, room=str(instance.id), can_publish=True, can_subscribe=True)
        token = AccessToken("key", SECRET).with_identity(str(request.user.pk)).with_name(name).with_grants(grants)
        return {**shown, "is_administrable": "owner" in roles, "livekit": {"room": str(instance.id), "token": token.to_jwt()}}


class RoomViewSet(viewsets.ReadOnlyModelViewSet):  # type: ignore[misc] # comes without types
    """Rooms by slug."""

    queryset = Room.objects.all()
    serializer_class = RoomSerializer
    permission_classes = [AllowAny]
    lookup_field = "slug"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401, ARG002 - as it is there
        """Return one."""
        return Response(self.get_serializer(self.get_object()).data)


urlpatterns = [path("api/v1.0/rooms/<slug:slug>/", RoomViewSet.as_view({"get": "retrieve"}))]
application = get_wsgi_application()


def main() -> None:
    """Make tables and rows, and print one line of JSON."""
    call_command("migrate", verbosity=0, interactive=False)
    with connection.schema_editor() as editor:
        for model in (Resource, Room, Access):
            editor.create_model(model)
    people, sessions = [User(username=f"person{number}") for number in range(PEOPLE)], []
    User.objects.bulk_create(people)
    for number in range(ROOMS):
        room = Room.objects.create(name=f"Room {number}", slug=f"room-{number}")
        Access.objects.create(resource=room, user=people[number % PEOPLE], role="owner")
    for person in people:
        session = SessionStore()
        session["_auth_user_id"], session["_auth_user_backend"] = str(person.pk), "django.contrib.auth.backends.ModelBackend"
        session["_auth_user_hash"] = person.get_session_auth_hash()
        session.save()
        sessions.append(session.session_key)
    print(json.dumps({"sessions": sessions, "slugs": [f"room-{number}" for number in range(ROOMS)]}))


if __name__ == "__main__":
    main()
