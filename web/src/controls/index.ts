import { camera } from "./camera";
import { chat } from "./chat";
import type { Control } from "./control";
import { end } from "./end";
import { hand } from "./hand";
import { leave } from "./leave";
import { microphone } from "./microphone";
import { more } from "./more";
import { people } from "./people";
import { reaction } from "./reaction";
import { screen } from "./screen";
import { safety } from "./safety";
import { security } from "./security";

/** Every control, in the order in which they stand. */
export const CONTROLS: readonly Control[] = [microphone, camera, screen, hand, reaction, chat, people, safety, security, more, leave, end];
