import { About } from "./About";

/** On a phone the meeting's name stands above the stage, since the bar has no room. */
export function TopStrip() {
  return (
    <header className="top-strip" data-ground="stage">
      <About />
    </header>
  );
}
