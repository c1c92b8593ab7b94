/** How a process of members is driven: commands come as JSON lines on standard input, answers go out as JSON lines (tests/headless/people.py). */
import { createInterface } from "node:readline";

/** Says that it is ready, and answers every command with what `act` returns or why it failed, until standard input ends. */
export function answer<C extends { readonly id: number }>(act: (command: C) => Promise<unknown>): void {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const command = JSON.parse(line) as C;
    act(command).then(
      (ok) => process.stdout.write(`${JSON.stringify({ id: command.id, ok: ok ?? {} })}\n`),
      (error: unknown) => process.stdout.write(`${JSON.stringify({ id: command.id, error: String(error) })}\n`),
    );
  }).on("close", () => process.exit(0));
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
}
