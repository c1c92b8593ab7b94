import type { Person } from "../call/contract";

export interface Announcement {
  readonly what: "joined" | "left" | "handUp" | "handDown" | "lineLost" | "lineBack" | "reacted";
  readonly name: string;
  readonly reaction?: NonNullable<Person["reaction"]>;
}

/** What a screen reader is told between two rosters; people without a validated leaf have no name yet. */
export function announcements(before: readonly Person[], after: readonly Person[]): readonly Announcement[] {
  const named = (people: readonly Person[]): Map<string, Person> =>
    new Map(people.filter((person) => !person.self && person.name !== "").map((person) => [person.participant, person]));
  const old = named(before);
  const now = named(after);
  const said: Announcement[] = [];
  for (const [id, person] of now) {
    const was = old.get(id);
    if (!was) said.push({ what: "joined", name: person.name });
    if (person.handUp !== (was?.handUp ?? false)) said.push({ what: person.handUp ? "handUp" : "handDown", name: person.name });
    if (person.reaction !== null && person.reaction !== was?.reaction) said.push({ what: "reacted", name: person.name, reaction: person.reaction });
    const lost = person.connection === "lost";
    if (was && lost !== (was.connection === "lost")) said.push({ what: lost ? "lineLost" : "lineBack", name: person.name });
  }
  for (const [id, person] of old) if (!now.has(id)) said.push({ what: "left", name: person.name });
  return said;
}
