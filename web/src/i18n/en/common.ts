export const common = {
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  tryAgain: "Try again",
  you: "you",
  host: "host",
  guest: "guest",
  language: "Language",
  theme: "Colours",
  themes: { system: "As this device", light: "Light", dark: "Dark" },
  protection: "What is protected, and what is not",
} as const;
