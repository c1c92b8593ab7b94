import { expect, it } from "vitest";

import { isOf, without } from "./reach";

const UDP = "candidate:1 1 udp 2130706431 192.0.2.7 7882 typ host";
const TCP = "candidate:2 1 tcp 1671430143 192.0.2.7 7881 typ host tcptype passive";

it("tells candidates by their protocol, however it is written", () => {
  expect(isOf("udp", UDP)).toBe(true);
  expect(isOf("udp", UDP.replace("udp", "UDP"))).toBe(true);
  expect(isOf("udp", TCP)).toBe(false);
  expect(isOf("tcp", TCP)).toBe(true);
  expect(isOf("tcp", UDP)).toBe(false);
});

it("lets a relay use whatever leads to it, and the end of candidates through", () => {
  expect(isOf("relay", UDP)).toBe(true);
  expect(isOf("relay", TCP)).toBe(true);
  expect(isOf("tcp", "")).toBe(true);
});

it("leaves candidates of other ways out of a description, and nothing else", () => {
  const sdp = ["v=0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", `a=${UDP}`, `a=${TCP}`, "a=end-of-candidates", ""].join("\r\n");
  expect(without("udp", sdp)).toBe(sdp.replace(`a=${TCP}\r\n`, ""));
  expect(without("tcp", sdp)).toBe(sdp.replace(`a=${UDP}\r\n`, ""));
});
