"""Meeting, Call, Participant: join, host controls, the meeting socket."""
