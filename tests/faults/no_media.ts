/** Takes the place of web/src/media/room.ts where there is no browser: a media room in which nothing is sent and nothing is seen. */
export class Media {
  readonly presences = [];

  setMembers(): void {
    // Nobody's tracks are asked for.
  }

  setViewers(): void {
    // Nothing is shown that could be kept from anybody.
  }

  setUnseen(): void {
    // Nobody shows a screen.
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }
}
