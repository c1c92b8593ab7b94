/** Each control says what pressing it does now; `short` is the word under its icon. */
export const controls = {
  microphone: { short: "Microphone", on: "Turn the microphone on", off: "Turn the microphone off" },
  camera: { short: "Camera", on: "Turn the camera on", off: "Turn the camera off" },
  screen: { short: "Screen", on: "Show your screen", off: "Stop showing your screen" },
  hand: { short: "Hand", on: "Raise your hand", off: "Lower your hand" },
  reaction: { short: "Reaction", on: "Send a reaction", off: "Send a reaction" },
  people: { short: "People", on: "Show the people here", off: "Close the list of people" },
  chat: { short: "Chat", on: "Open the chat", off: "Close the chat" },
  safety: { short: "Safety", on: "Safety: the door, hosts, suspending", off: "Close the panel “Safety”" },
  security: { short: "Security", on: "Security: who can listen", off: "Close the security panel" },
  more: { short: "More", on: "More: devices, language, shortcuts", off: "Close the panel “More”" },
  leave: { short: "Leave", on: "Leave the call", off: "Leave the call" },
  end: { short: "End", on: "End the call for everyone", off: "End the call for everyone" },
} as const;
