"""Django's entry for this domain."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Meeting, Call, Participant: join, host controls, the meeting socket."""

    name = "conclave.meetings"
    label = "meetings"

    def ready(self) -> None:
        """Let the deadlines of seats be settled, calls leave where they may not be, the engine be told of rights, and what is over go."""
        from conclave.meetings import lost, plan, relocate, retention, rights, turned  # noqa: F401
