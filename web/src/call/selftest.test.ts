import { expect, it } from "vitest";

import { verdict, type Level, type Result } from "./selftest";

function results(socket: Level, udp: Level, tcp: Level, relay: Level, speed: Level): Result[] {
  return [
    { check: "socket", level: socket },
    { check: "udp", level: udp, ms: null },
    { check: "tcp", level: tcp, ms: null },
    { check: "relay", level: relay, ms: null },
    { check: "speed", level: speed, down: 0, up: 0 },
  ];
}

it("is good where the best way works and is fast enough, whatever the others do", () => {
  expect(verdict(results("ok", "ok", "ok", "none", "ok"))).toBe("good");
  expect(verdict(results("ok", "ok", "fail", "fail", "ok"))).toBe("good");
});

it("works somehow by a second way, or on a slow line", () => {
  expect(verdict(results("ok", "fail", "ok", "none", "ok"))).toBe("slow");
  expect(verdict(results("ok", "fail", "fail", "ok", "ok"))).toBe("slow");
  expect(verdict(results("ok", "ok", "ok", "none", "warn"))).toBe("slow");
});

it("does not work without any way, or without the socket", () => {
  expect(verdict(results("ok", "fail", "fail", "none", "ok"))).toBe("bad");
  expect(verdict(results("fail", "ok", "ok", "none", "ok"))).toBe("bad");
  expect(verdict([])).toBe("bad");
});

it("says nothing of a way of which the server did not speak, unless the best one is known to be good", () => {
  expect(verdict(results("ok", "away", "away", "away", "ok"))).toBe("away");
  expect(verdict(results("ok", "fail", "ok", "none", "away"))).toBe("away");
  expect(verdict(results("ok", "ok", "away", "away", "ok"))).toBe("good");
  expect(verdict(results("fail", "away", "away", "away", "fail"))).toBe("bad");
});
