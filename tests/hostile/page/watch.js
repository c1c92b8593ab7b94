// Looks on beneath our page without changing it: the browser's connections, and what the frame worker says of each tile's frames.
(() => {
  const seen = { connections: [], passed: {}, dropped: {} };
  window.seen = seen;
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      seen.connections.push(this);
    }
  };
  const Native = window.Worker;
  window.Worker = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        for (const { side, participant, kind, passed, dropped } of data?.t === "readings" ? data.pipes : []) {
          const tile = side === "send" ? "own" : `${participant}/${kind}`;
          seen.passed[tile] = (seen.passed[tile] ?? 0) + passed;
          const why = (seen.dropped[tile] ??= {});
          for (const [reason, count] of Object.entries(dropped)) why[reason] = (why[reason] ?? 0) + count;
        }
      });
    }
  };
  window.reports = async (type) => {
    const found = [];
    for (const connection of seen.connections) {
      if (connection.connectionState === "closed") continue;
      for (const report of (await connection.getStats()).values()) if (report.type === type) found.push(report);
    }
    return found;
  };
})();
