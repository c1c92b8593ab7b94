export const rights = {
  title: "What people may do",
  text: "Hosts may always do what is not off for everybody. One person can be let, or not let, in the list of people.",
  readonly: "The hosts decide this.",
  muteAll: "Mute everybody",
  of: {
    unmute: "Speak",
    video: "Show their camera",
    share: "Show their screen",
    chat: "Write in the chat",
    reactions: "Send reactions",
    pictures: "See everybody’s camera",
    rename: "Change their name",
  },
  who: { all: "Everybody", few: "Everybody, up to 10 people", one: "One at a time", hosts: "Hosts only", off: "Nobody" },
  /** Why a control does nothing just now. */
  why: {
    unmute: "The host has turned your microphone off.",
    video: "The host has turned your camera off.",
    share: "The host has not let you show your screen.",
    chat: "The host has turned chat off.",
    reactions: "The host has turned reactions off.",
    screenTaken: "Somebody else is showing a screen. One at a time may.",
  },
  person: {
    mute: "Mute",
    askMicrophone: "Ask to unmute",
    askCamera: "Ask to turn the camera on",
    stop: { unmute: "Do not let speak", video: "Stop the camera", share: "Do not let show a screen", chat: "Do not let write" },
    let: { unmute: "Let speak", video: "Let show the camera", share: "Let show a screen", chat: "Let write" },
  },
  rename: {
    open: "Change your name",
    title: "Your name in this call",
    text: "Everybody is told of the change.",
    field: "Name",
    save: "Change it",
    failed: "This name is not possible here, or the host keeps names as they are.",
  },
} as const;

export const reactions = {
  title: "Reactions",
  applause: "Applause",
  celebrate: "Celebration",
  heart: "Heart",
  laugh: "Laughter",
  surprise: "Surprise",
  thumb: "Thumbs up",
} as const;
