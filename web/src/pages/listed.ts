import type { OwnMeeting } from "../api/meetings";

/** The meetings as the server wrote them into the page, so that the first view asks nothing more. */
export function listed(root: HTMLElement): readonly OwnMeeting[] {
  return [...root.querySelectorAll<HTMLElement>("[data-meeting]")].map(({ dataset }) => ({
    meeting: dataset["meeting"] ?? "",
    title: dataset["title"] ?? "",
    created_at: Number(dataset["created"] ?? 0),
    live: dataset["live"] === "true",
    under: dataset["organisation"] === undefined ? undefined : { name: dataset["organisation"], linkDueAt: Number(dataset["linkDue"] ?? "") || null },
  }));
}
