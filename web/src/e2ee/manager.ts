/**
 * What livekit-client asks of an encryption manager, answered by refusing: frames are not its business (guard.ts has them already)
 * and data packets do not exist here. It is handed over all the same, for with it LiveKit marks our tracks as encrypted and turns off
 * RED and backup codecs. Whatever the server declares through it changes nothing (FRM-5, FRM-7).
 */
import type { BaseE2EEManager } from "livekit-client";

export class RefusingManager implements BaseE2EEManager {
  readonly isEnabled = true;

  get isDataChannelEncryptionEnabled(): boolean {
    return true;
  }

  set isDataChannelEncryptionEnabled(_wanted: boolean) {
    // LiveKit writes its own default here.
  }

  setup(): void {
    // Transforms are attached by the guard, per object.
  }

  setupEngine(): void {
    // As above.
  }

  setParticipantCryptorEnabled(): void {
    // There is no state in which encryption is off.
  }

  setSifTrailer(): void {
    // FRM-7: frames made by the SFU are dropped like every frame that does not authenticate.
  }

  encryptData(): Promise<never> {
    return Promise.reject(new Error("data packets are not used"));
  }

  handleEncryptedData(): Promise<never> {
    return Promise.reject(new Error("data packets are not used"));
  }

  on(): this {
    return this;
  }
}
