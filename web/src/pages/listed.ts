import type { OwnMeeting, Planned } from "../api/meetings";

/** The meetings as the server wrote them into the page, so that the first view asks nothing more. */
export function listed(root: HTMLElement): readonly OwnMeeting[] {
  return [...root.querySelectorAll<HTMLElement>("[data-meeting]")].map(({ dataset }) => ({
    meeting: dataset["meeting"] ?? "",
    title: dataset["title"] ?? "",
    created_at: Number(dataset["created"] ?? 0),
    live: dataset["live"] === "true",
    under: dataset["organisation"] === undefined ? undefined : { name: dataset["organisation"], linkDueAt: Number(dataset["linkDue"] ?? "") || null },
    link_version: Number(dataset["linkVersion"] ?? 1),
    planned: planned(dataset),
  }));
}

function planned({ zone, next, minutes, repeats }: DOMStringMap): Planned | null {
  return zone === undefined ? null : { zone, next: next === undefined ? null : Number(next), minutes: Number(minutes ?? 0), repeats: repeats === "true" };
}
