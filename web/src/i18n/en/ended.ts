/** Why a call is over: what is (`ended`), then what can be done (`next`). */
export const ended = {
  left: "You left the call.",
  removed: "You were removed by the host.",
  banned: "A host banned you from this meeting.",
  ended: "The host ended the call for everybody.",
  joined_elsewhere: "You joined this call in another tab or on another device.",
  restarting: "The server is restarting.",
  misbehaved: "The server closed the connection because it could not understand this browser.",
  seat_unknown: "The server no longer knows your seat in this call.",
  not_securing: "This browser could not agree on the key with the others, so nothing was sent.",
  link_unknown: "This link opens no meeting here.",
  link_incomplete: "This link is incomplete.",
  link_old: "This link was replaced.",
  name_empty: "Your name is empty.",
  name_too_long: "Your name is too long.",
  name_forbidden: "Your name holds signs that cannot be shown safely.",
  call_locked: "The host has locked this call.",
  call_full: "The call is full.",
  media_unavailable: "The server cannot carry sound and picture just now.",
  server_unreachable: "The server cannot be reached.",
  call_moved: "The server took you for somebody else, so this browser left the call.",
  browser_unfit: "This browser cannot encrypt sound and picture, so it cannot join.",
  malformed: "The server could not read what this browser asked.",
} as const;

/** The same, where it is known who did it. */
export const endedBy = {
  removed: "{{name}} removed you from the call.",
  banned: "{{name}} banned you from this meeting.",
} as const;

export const endedNext = {
  left: "You can come back as long as the call lasts.",
  removed: "This browser cannot come back into this call; the link opens the next one. Ask the host if you think it was a mistake.",
  banned: "Neither this browser nor your account here can come back, and the link was replaced. Ask the host, who can take it back.",
  ended: "The link stays valid for the next call.",
  joined_elsewhere: "Go on there, or bring the call back to this tab.",
  restarting: "Wait a moment, then come back. Your seat is kept for half a minute.",
  misbehaved: "Reload the page and come back. If it happens again, tell whoever runs this server.",
  seat_unknown: "Come back in: you get a new seat.",
  not_securing: "Come back in to try again. If it keeps failing, try another browser.",
  link_unknown: "It may be cut short, or the meeting may have been deleted. Ask for the link again.",
  link_incomplete: "Ask for the whole link: it has a long part after the sign #. Nobody was disturbed.",
  link_old: "The old one opens nothing any more. Ask whoever invited you for the new link.",
  name_empty: "Type the name the others should see.",
  name_too_long: "Use at most 64 letters.",
  name_forbidden: "Use letters, digits and ordinary signs.",
  call_locked: "Nobody new can come in until it is unlocked. Ask a host to unlock it, then try again.",
  call_full: "Try again when somebody has left.",
  media_unavailable: "Try again in a minute. If it lasts, tell whoever runs this server.",
  server_unreachable: "Check your connection, then try again.",
  call_moved: "Nothing of you was shown under another name. Come back in; if it happens again, tell whoever runs this server.",
  browser_unfit: "Use a current Chrome, Edge, Chromium or Firefox. There is no unencrypted way in.",
  malformed: "Reload the page. If it happens again, tell whoever runs this server.",
} as const;

export const endedScreen = {
  rejoin: "Come back",
  again: "Try again",
  home: "Home page",
  reload: "Reload the page",
  why: "Why not?",
  unfit: {
    intro: "Everything said here is encrypted in your browser before it leaves. That takes four abilities, all tested just now:",
    transform: "encrypting each frame of sound and picture (encoded transforms)",
    worker: "working apart from the page (module workers)",
    wasm: "running the key agreement (WebAssembly)",
    crypto: "drawing and using keys (WebCrypto, only at an https address)",
  },
  code: "Code for support: {{code}}",
} as const;
