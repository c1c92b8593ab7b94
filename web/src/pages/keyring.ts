/** The page of the keyring: shows how it stands on this device, and does what its person presses. */
import { ApiError } from "../api/http";
import { getKeyring } from "../api/keyring";
import { getMeetings } from "../api/meetings";
import { recallAll } from "../e2ee/keyring";
import { KeyringRefused, type Open, type RingOpener, type ShownPasskey } from "../e2ee/sharedring.protocol";
import { askPasskey } from "./prf";
import { merged, ringOf } from "./sharing";

/** What the server shows cannot be trusted: nothing of it is on the page, and one may begin anew. */
const UNTRUSTED = ["keyring_forked", "keyring_newer", "keyring_older", "keyring_sealed"];

/** A passkey that gave nothing; the page has a sentence for it. */
class NoPasskey extends Error {}

const root = document.getElementById("keyring");
if (root) void start(root);

async function start(page: HTMLElement): Promise<void> {
  const { account = "", device = "" } = page.dataset;
  const ring = ringOf(account);
  const all = (css: string): readonly HTMLElement[] => [...page.querySelectorAll<HTMLElement>(css)];
  const showIf = (css: string, shown: boolean): void => {
    for (const one of all(css)) one.hidden = !shown;
  };
  const write = (css: string, text: string): void => {
    for (const one of all(css)) one.textContent = text;
  };
  const showOnly = (part: string): void => {
    for (const one of all("[data-part]")) one.hidden = one.dataset["part"] !== part;
  };
  let passkeys: readonly { readonly credential: string; readonly name: string }[] = [];
  /** Those that may be asked for now. */
  let offered: readonly string[] = [];

  const say = (code: string): void => {
    const sentence = all(`[data-why="${code}"]`).length > 0 ? code : "failed";
    for (const one of all("[data-why]")) one.hidden = one.dataset["why"] !== sentence;
    showIf("[data-trouble]", code !== "");
    write("[data-code-of]", code);
  };

  const refused = (error: unknown): void => {
    const code = error instanceof KeyringRefused || error instanceof ApiError ? error.code : error instanceof NoPasskey ? error.message : "failed";
    say(code);
    if (UNTRUSTED.includes(code)) showOnly("refused");
  };

  const look = async (): Promise<void> => {
    ({ passkeys } = await getKeyring());
    const standing = await ring.look();
    const mine = passkeys.map(({ credential }) => credential);
    const openers: readonly { readonly kind: string; readonly credential?: string | null }[] = standing.state === "none" ? [] : standing.openers;
    const open = openers.flatMap(({ kind, credential }) => (kind === "passkey" && typeof credential === "string" ? [credential] : []));
    offered = standing.state === "closed" ? open : mine.filter((credential) => !open.includes(credential));
    showIf("[data-passkey]", offered.length > 0 && "PublicKeyCredential" in window);
    showIf('[data-do="open-code"]', openers.some(({ kind }) => kind === "recovery"));
    showIf("[data-gone]", standing.state === "none" && standing.gone);
    showIf("[data-other]", standing.state === "closed" && standing.other);
    if (standing.state === "open") show(standing);
    showOnly(standing.state);
  };

  const show = ({ openers, links, device: own }: Open): void => {
    write("[data-count]", String(links.length));
    page.querySelector("[data-openers]")?.replaceChildren(...openers.flatMap((one) => row(one, one.opener === own)));
  };

  const row = ({ opener, kind, name, since }: RingOpener, own: boolean): readonly Node[] => {
    const line = page.querySelector<HTMLTemplateElement>(`template[data-kind="${own ? "own" : kind}"]`)?.content.firstElementChild?.cloneNode(true);
    if (!(line instanceof HTMLElement)) return [];
    for (const one of line.querySelectorAll("[data-name]")) one.textContent = name;
    for (const one of line.querySelectorAll("[data-since]")) one.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" }).format(since);
    line.dataset["opener"] = opener;
    const button = line.querySelector("button");
    button?.setAttribute("aria-label", button.ariaLabel?.replace("…", name) ?? "");
    return [line];
  };

  const shown = async (): Promise<ShownPasskey> => {
    const given = await askPasskey(offered);
    if (typeof given === "string") throw new NoPasskey(given);
    return { ...given, name: passkeys.find(({ credential }) => credential === given.credential)?.name ?? "" };
  };

  const links = async () => merged(await getMeetings(), [], await recallAll().catch(() => new Map()));

  const showCode = (code: string): void => {
    write("[data-code]", code);
    showOnly("code");
  };

  const acts: Readonly<Record<string, (from: HTMLElement) => Promise<void>>> = {
    make: async () => {
      showCode(await ring.create(device, null, await links()));
    },
    "make-passkey": async () => {
      showCode(await ring.create(device, await shown(), await links()));
    },
    "open-passkey": async () => {
      await ring.open(await shown(), device);
      await look();
    },
    "open-code": async (form) => {
      const field = form.querySelector("input");
      await ring.open({ code: field?.value ?? "" }, device);
      if (field) field.value = "";
      await look();
    },
    "add-passkey": async () => {
      await ring.addPasskey(await shown());
      await look();
    },
    "new-code": async () => {
      showCode(await ring.renewCode());
    },
    noted: async () => {
      write("[data-code]", "");
      await look();
    },
    remove: async (from) => {
      await ring.remove(from.closest<HTMLElement>("[data-opener]")?.dataset["opener"] ?? "");
      await look();
    },
    close: async () => {
      await ring.close();
      await look();
    },
    empty: async () => {
      await ring.empty();
      await look();
    },
  };

  const run = async (from: HTMLElement): Promise<void> => {
    const act = acts[from.dataset["do"] ?? ""];
    if (!act || page.ariaBusy === "true") return;
    page.ariaBusy = "true";
    say("");
    try {
      await act(from);
      // What was pressed may be gone: readers start where the page has changed.
      page.querySelector<HTMLElement>("[data-part]:not([hidden]) h2")?.focus();
    } catch (error) {
      refused(error);
    }
    page.ariaBusy = "false";
  };

  page.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("button[data-do]") : null;
    if (button) void run(button);
  });
  page.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.target instanceof HTMLElement) void run(event.target);
  });
  page.hidden = false;
  await look().catch(refused);
}
