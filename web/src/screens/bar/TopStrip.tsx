import { About } from "./About";

/** On a phone the meeting's name stands above the stage, since the bar has no room. */
export function TopStrip({ covered }: { readonly covered: boolean }) {
  return (
    <header className="top-strip" data-ground="stage" inert={covered}>
      <About />
    </header>
  );
}
