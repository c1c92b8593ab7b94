"""Django's entry for this domain."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Meeting, Call, Participant: join, host controls, the meeting socket."""

    name = "conclave.meetings"
    label = "meetings"

    def ready(self) -> None:
        """Let the deadlines of seats be settled, and the engine be told of rights."""
        from conclave.meetings import lost, rights  # noqa: F401
