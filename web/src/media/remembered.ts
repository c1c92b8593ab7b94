/** The devices last chosen, kept on this device. Nothing here is secret. */
const PREFIX = "conclave.device.";

export type Remembered = Readonly<Record<"microphone" | "camera" | "speaker", string | null>>;

export function remembered(): Remembered {
  const read = (kind: string): string | null => {
    try {
      return localStorage.getItem(PREFIX + kind);
    } catch {
      return null;
    }
  };
  return { microphone: read("microphone"), camera: read("camera"), speaker: read("speaker") };
}

export function remember(kind: keyof Remembered, id: string): void {
  try {
    localStorage.setItem(PREFIX + kind, id);
  } catch {
    // Storage is refused in some private windows; the choice then lasts as long as the page.
  }
}
