import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { bytesOf, textOf } from "./base64";
import { KeyringRefused, type RefusalCode, type SharedLink, type Stored, type Written } from "./sharedring.protocol";
import { runs } from "./testing";
import { adds, device, Kept, knows, link, passkey } from "./testing.keyring";

const refusal = (code: RefusalCode) => expect.objectContaining({ name: "KeyringRefused", code }) as Error;

/** Alice's laptop has made a keyring with one link in it, which her passkey opens too. */
async function scene() {
  const server = new Kept("alice");
  const laptop = device(server);
  const code = await laptop.ring.create("Laptop", passkey(1), [link("m1")]);
  return { server, laptop, code };
}

describe("A keyring", () => {
  it("opens with the code or the passkey on a device that never saw the links, and then by itself", async () => {
    const { server, laptop, code } = await scene();
    const phone = device(server);
    expect(await knows(phone)).toBe("closed");
    await phone.ring.open({ code }, "Phone");
    expect(await knows(phone)).toEqual(["m1"]);
    const tablet = device(server);
    await tablet.ring.open(passkey(1), "Tablet");
    await adds(tablet, link("m2"));
    for (const one of [laptop, phone, tablet]) expect(await knows(one)).toEqual(["m1", "m2"]);
    const standing = await laptop.ring.look();
    expect(standing).toMatchObject({ openers: [{ name: "Laptop" }, { kind: "recovery" }, { name: "Key 1" }, { name: "Phone" }, { name: "Tablet" }] });
  });

  it("is nothing but ciphertext for the server: no link, no name, no code (KEYR-1)", async () => {
    const { server, code } = await scene();
    const all = JSON.stringify(server.history);
    for (const secret of [link("m1").secret, "key-m1", "Laptop", "Key 1", code]) expect(all).not.toContain(secret);
  });

  it("does not open with another code, another passkey or one that was never let in (KEYR-2)", async () => {
    const { server } = await scene();
    const phone = device(server);
    await expect(phone.ring.open({ code: "0000-0000-0000-0000-0000-0000-0000-0000" }, "Phone")).rejects.toEqual(refusal("keyring_wrong_code"));
    await expect(phone.ring.open({ code: "no code" }, "Phone")).rejects.toEqual(refusal("keyring_wrong_code"));
    await expect(phone.ring.open({ ...passkey(2), credential: passkey(1).credential }, "Phone")).rejects.toEqual(refusal("keyring_wrong_code"));
    await expect(phone.ring.open(passkey(2), "Phone")).rejects.toEqual(refusal("keyring_wrong_code"));
    expect(await knows(phone)).toBe("closed");
  });

  it("lets a passkey that was added later open it, and a new code in the place of the old one", async () => {
    const { server, laptop, code } = await scene();
    await laptop.ring.addPasskey(passkey(2));
    const next = await laptop.ring.renewCode();
    const [phone, tablet] = [device(server), device(server)];
    await phone.ring.open(passkey(2), "Phone");
    await expect(tablet.ring.open({ code }, "Tablet")).rejects.toEqual(refusal("keyring_wrong_code"));
    await tablet.ring.open({ code: next }, "Tablet");
    expect([await knows(phone), await knows(tablet)]).toEqual([["m1"], ["m1"]]);
  });

  it("gets another key when something is removed: what opened it before opens nothing that comes after (KEYR-8)", async () => {
    const { server, laptop } = await scene();
    const phone = device(server);
    await phone.ring.open(passkey(1), "Phone");
    const stolen = server.stored as Stored;
    const opened = await laptop.ring.look();
    if (opened.state !== "open") throw new Error(opened.state);
    for (const { opener, name } of opened.openers) if (name === "Phone" || name === "Key 1") await laptop.ring.remove(opener);
    await adds(laptop, link("m2"));
    expect(await knows(phone)).toBe("closed");
    // Not even with what the server had kept for it.
    const { stored } = server;
    server.stored = { ...(stored as Stored), openers: stolen.openers };
    await expect(phone.ring.look()).rejects.toEqual(refusal("keyring_sealed"));
    await expect(device(server).ring.open(passkey(1), "Thief")).rejects.toEqual(refusal("keyring_sealed"));
  });

  it("leaves a passkey behind that the account has no more (KEYR-8)", async () => {
    const { server, laptop } = await scene();
    const before = server.stored as Stored;
    server.stored = { ...before, openers: before.openers.filter(({ kind }) => kind !== "passkey") };
    expect(await laptop.ring.look()).toMatchObject({ state: "open", openers: [{ name: "Laptop" }, { kind: "recovery" }] });
    expect(server.stored.version).toBe(before.version + 1);
    server.stored = { ...server.stored, openers: before.openers };
    await expect(device(server).ring.open(passkey(1), "Thief")).rejects.toEqual(refusal("keyring_sealed"));
  });

  it("is closed on one device and stays open on the others; the closed one still knows how far it was (KEYR-5)", async () => {
    const { server, laptop } = await scene();
    const phone = device(server);
    await phone.ring.open(passkey(1), "Phone");
    const early = server.stored;
    await phone.ring.close();
    expect([await knows(phone), await knows(laptop)]).toEqual(["closed", ["m1"]]);
    server.stored = early;
    await expect(phone.ring.look()).rejects.toEqual(refusal("keyring_older"));
  });

  it("keeps twenty devices; the one that came first makes room (KEYR-10)", async () => {
    const { server, laptop, code } = await scene();
    const devices = [];
    for (let number = 1; number <= 20; number += 1) {
      const one = device(server);
      await one.ring.open({ code }, `Device ${String(number)}`);
      devices.push(one);
    }
    const closed = await Promise.all([laptop, ...devices].map(knows));
    expect(closed.filter((known) => known === "closed")).toHaveLength(1);
    expect(server.stored?.openers.filter(({ kind }) => kind === "device")).toHaveLength(20);
  });

  it("takes ten passkeys and refuses the eleventh (KEYR-10)", async () => {
    const { laptop } = await scene();
    for (let seed = 2; seed <= 10; seed += 1) await laptop.ring.addPasskey(passkey(seed));
    await expect(laptop.ring.addPasskey(passkey(11))).rejects.toEqual(refusal("keyring_full"));
  });

  it("takes the hundred newest links, and fewer where there is no room for them (KEYR-10)", async () => {
    const { server, laptop } = await scene();
    const long = (meeting: string): SharedLink => ({ ...link(meeting), secret: "s".repeat(22), hostHash: "h".repeat(22), hostKey: "k".repeat(43) });
    const many = Array.from({ length: 120 }, (_, number) => long(`${"m".repeat(19)}${String(number)}`));
    const put = async () => {
      const standing = await laptop.ring.sync(() => Promise.resolve(many));
      return standing.state === "open" ? standing.links : [];
    };
    expect(await put()).toEqual(many.slice(0, 100));
    for (let seed = 2; seed <= 10; seed += 1) await laptop.ring.addPasskey({ ...passkey(seed), credential: `${"c".repeat(1300)}${String(seed)}` });
    const links = await put();
    expect(links).toEqual(many.slice(0, links.length));
    expect(links.length).toBeGreaterThan(50);
    const written = server.history.length;
    expect(await put()).toEqual(links);
    expect(server.history.length).toBe(written);
  });

  it("loses nothing when two devices write at once (KEYR-4)", async () => {
    const { server, laptop } = await scene();
    const phone = device(server);
    await phone.ring.open(passkey(1), "Phone");
    await Promise.all([adds(laptop, link("m2")), adds(phone, link("m3")), laptop.ring.addPasskey(passkey(2))]);
    expect([...((await knows(phone)) as string[])].sort()).toEqual(["m1", "m2", "m3"]);
    expect(await knows(laptop)).toEqual(await knows(phone));
  });

  it("gives up when the server never takes a version (KEYR-4)", async () => {
    const { server, laptop } = await scene();
    server.write = () => Promise.reject(new KeyringRefused("keyring_moved"));
    await expect(adds(laptop, link("m2"))).rejects.toEqual(refusal("keyring_moved"));
  });

  it("is emptied and begun anew; the former one is never opened again, and other devices are told that it is another (KEYR-9)", async () => {
    const { server, laptop, code } = await scene();
    const phone = device(server);
    await phone.ring.open({ code }, "Phone");
    const former = server.stored;
    await laptop.ring.empty();
    expect(await laptop.ring.look()).toEqual({ state: "none", gone: false });
    expect(await phone.ring.look()).toEqual({ state: "none", gone: true });
    const next = await laptop.ring.create("Laptop", null, [link("m9")]);
    expect(await phone.ring.look()).toMatchObject({ state: "closed", other: true });
    await phone.ring.open({ code: next }, "Phone");
    expect(await knows(phone)).toEqual(["m9"]);
    server.stored = former;
    for (const one of [laptop, phone]) await expect(one.ring.look()).rejects.toEqual(refusal("keyring_older"));
  });

  it("is not another person's, whoever is signed in (KEYR-3)", async () => {
    const { server } = await scene();
    const charlie = device(new Kept("charlie"), "charlie");
    await charlie.ring.create("Charlie's", null, [link("trap")]);
    const theirs = device(server, "charlie");
    await expect(theirs.ring.look()).rejects.toEqual(refusal("keyring_account"));
  });
});

describe("A server that does what it likes (KEYR-5)", () => {
  it("is caught when it gives an earlier version, another one of the same number, or one that follows another", async () => {
    const { server, laptop, code } = await scene();
    const first = server.stored;
    await adds(laptop, link("m2"));
    const second = server.stored as Stored;
    server.stored = first;
    await expect(laptop.ring.look()).rejects.toEqual(refusal("keyring_older"));
    // Another device is given the first as if it were the last, and writes a second of its own.
    const phone = device(server);
    await phone.ring.open({ code }, "Phone");
    await expect(laptop.ring.look()).rejects.toEqual(refusal("keyring_forked"));
    await adds(phone, link("m3"));
    await expect(laptop.ring.look()).rejects.toEqual(refusal("keyring_forked"));
    server.stored = second;
    await expect(phone.ring.look()).rejects.toEqual(refusal("keyring_older"));
  });

  it("is caught when it hides one device's versions from another, once both meet again", async () => {
    const { server, laptop } = await scene();
    const phone = device(server);
    await phone.ring.open(passkey(1), "Phone");
    await laptop.ring.look();
    const common = server.stored;
    await adds(laptop, link("m2"));
    server.stored = common;
    await adds(phone, link("m3"));
    await adds(phone, link("m4"));
    await expect(laptop.ring.look()).rejects.toEqual(refusal("keyring_forked"));
  });

  const CODES: readonly RefusalCode[] = ["keyring_account", "keyring_forked", "keyring_moved", "keyring_older", "keyring_sealed", "keyring_wrong_code"];
  const lies = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ lie: "none" as const }) },
    fc.record({ lie: fc.constant("replay" as const), at: fc.nat(), openers: fc.nat(), version: fc.integer({ min: -2, max: 2 }) }),
    fc.record({ lie: fc.constant("flip" as const), at: fc.nat(), where: fc.constantFrom("sealed" as const, "wrapped" as const, "secret" as const) }),
    fc.record({ lie: fc.constant("cut" as const), at: fc.nat() }),
    fc.record({ lie: fc.constantFrom("others" as const, "others-openers" as const, "nothing" as const, "account" as const) }),
  );
  const steps = fc.array(fc.record({ who: fc.nat({ max: 2 }), act: fc.constantFrom("look", "add", "open", "renew"), told: lies, kept: fc.boolean() }), { minLength: 1, maxLength: 14 });
  type Lie = typeof lies extends fc.Arbitrary<infer T> ? T : never;

  const flipped = (text: string, at: number): string => {
    const bytes = bytesOf(text);
    bytes[at % bytes.byteLength] = (bytes[at % bytes.byteLength] ?? 0) ^ 1;
    return textOf(bytes);
  };

  /** Shows something else than it keeps, or says that it keeps what it drops; the test knows what each version said. */
  class Lying extends Kept {
    lie: Lie = { lie: "none" };
    keeps = true;
    wanted: string | null = null;
    readonly wrote: { version: number; sealed: string; said: string }[] = [];
    readonly #others: Stored;
    #shown: Stored | null = null;
    constructor(others: Stored) {
      super("alice");
      this.#others = others;
    }
    override read() {
      this.#shown = this.stored && this.#told(this.stored);
      return Promise.resolve({ account: this.lie.lie === "account" ? "charlie" : "alice", keyring: this.#shown });
    }
    override async write(written: Written): Promise<void> {
      const said = this.wanted ?? this.wrote.find(({ sealed }) => sealed === this.#shown?.sealed)?.said ?? "";
      this.wrote.push({ version: written.expects + 1, sealed: written.sealed, said });
      if (this.keeps) await super.write(written);
    }
    #told(truth: Stored): Stored | null {
      const { lie, history } = this;
      const one = (at: number): Stored => history[at % history.length] ?? truth;
      if (lie.lie === "replay") return { ...one(lie.at), openers: one(lie.openers).openers, version: one(lie.at).version + lie.version };
      if (lie.lie === "cut") return { ...truth, sealed: truth.sealed.slice(0, lie.at % truth.sealed.length) };
      if (lie.lie === "others") return this.#others;
      if (lie.lie === "others-openers") return { ...truth, openers: this.#others.openers };
      if (lie.lie === "nothing") return null;
      if (lie.lie !== "flip") return truth;
      const { at, where } = lie;
      if (where === "sealed") return { ...truth, sealed: flipped(truth.sealed, at) };
      return { ...truth, openers: truth.openers.map((row) => ({ ...row, [where]: flipped(row[where] ?? "AAAA", at) })) };
    }
  }

  it("never brings a device a wrong link, nor one older than it has seen: it refuses by a known code, or shows nothing (KEYR-6)", async () => {
    const theirs = new Kept("alice");
    await device(theirs).ring.create("Charlie's", passkey(1), [link("trap")]);
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        const server = new Lying(theirs.stored as Stored);
        const laptop = device(server);
        server.wanted = JSON.stringify([link("m1")]);
        let code = await laptop.ring.create("Laptop", passkey(1), [link("m1")]);
        const devices = [laptop, device(server), device(server)];
        for (const [number, step] of walk.entries()) {
          const one = devices[step.who] ?? laptop;
          const before = one.memory.known.get("alice")?.version ?? 0;
          ({ told: server.lie, kept: server.keeps } = step);
          // Acts that change no link write those that they were shown.
          server.wanted = null;
          const merge = (links: readonly SharedLink[]) => {
            expect(server.wrote.some(({ version, said }) => version >= before && said === JSON.stringify(links))).toBe(true);
            const next = step.act === "add" ? [...links, link(`m${String(number + 2)}`)] : links;
            server.wanted = JSON.stringify(next);
            return Promise.resolve(next);
          };
          try {
            if (step.act === "open") await one.ring.open({ code }, "Device");
            else if (step.act === "renew") code = await one.ring.renewCode();
            else await one.ring.sync(merge);
          } catch (error) {
            if (!(error instanceof KeyringRefused)) throw error;
            expect(CODES).toContain(error.code);
          }
          expect(one.memory.known.get("alice")?.version ?? 0).toBeGreaterThanOrEqual(before);
        }
      }),
      runs(60),
    );
  });
});
