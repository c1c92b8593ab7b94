import { CircleCheck, CircleDashed, CircleHelp, CircleMinus, CircleX, type LucideIcon, RotateCcw, TriangleAlert } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { type Check, CHECKS, type Level, type Result, selftest, type Verdict } from "../call/selftest";
import { Button } from "../ui/Button";
import { Note } from "../ui/Note";

interface TrialProps {
  /** What browsers must reach, for whoever looks after the visitor's network. */
  readonly udp: string;
  readonly tcp: string;
  readonly node: string;
}

const ICONS: Record<Level, LucideIcon> = { ok: CircleCheck, warn: TriangleAlert, fail: CircleX, none: CircleMinus, away: CircleHelp };
const NOTES = {
  good: { tone: "keep", icon: CircleCheck }, slow: { tone: "heed", icon: TriangleAlert }, bad: { tone: "stop", icon: CircleX }, away: { tone: "heed", icon: CircleHelp },
} as const;

/** Tries what a meeting needs and says what it means. */
export function Trial({ udp, tcp, node }: TrialProps) {
  const { t } = useTranslation();
  const [results, setResults] = useState<readonly Result[]>([]);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    void selftest((result) => { if (!gone) setResults((before) => [...before, result]); }).then((found) => { if (!gone) setVerdict(found); });
    return () => { gone = true; };
  }, [round]);
  const again = useCallback(() => {
    setResults([]);
    setVerdict(null);
    setRound((before) => before + 1);
  }, []);
  return (
    <>
      <section className="card" aria-labelledby="tried">
        <h2 id="tried">{t("selftest.title")}</h2>
        <ul className="checks">
          {CHECKS.map((check) => (
            <Line
              key={check}
              check={check}
              result={results.find((one) => one.check === check)}
              trying={check !== "speed" || results.length === CHECKS.length - 1}
              port={check === "tcp" ? tcp : udp}
            />
          ))}
        </ul>
        <p className="quiet">{t("selftest.honest")}</p>
      </section>
      <div role="status" data-round={round} data-verdict={verdict ?? undefined}>
        {verdict ? (
          <Note {...NOTES[verdict]}>
            <p>{t(`selftest.verdict.${verdict}`)}</p>
            {verdict === "good" ? null : <p>{t(`selftest.next.${verdict}`, { node, udp, tcp })}</p>}
          </Note>
        ) : null}
      </div>
      <div className="actions">
        <Button onPress={again} icon={RotateCcw} isPending={verdict === null} data-action="again">
          {t("selftest.again")}
        </Button>
      </div>
    </>
  );
}

interface LineProps {
  readonly check: Check;
  readonly result: Result | undefined;
  readonly trying: boolean;
  readonly port: string;
}

function Line({ check, result, trying, port }: LineProps) {
  const { t } = useTranslation();
  const Icon = result ? ICONS[result.level] : CircleDashed;
  return (
    <li data-check={check} data-level={result?.level ?? (trying ? "trying" : "waiting")}>
      <Icon size={20} aria-hidden />
      <div>
        <h3>
          {t(`selftest.${check}.name`)}
          {result ? <span className="check-level">{t(`selftest.levels.${result.level}`)}</span> : null}
        </h3>
        <p>{result ? <Sentence result={result} port={port} /> : t(trying ? "selftest.trying" : "selftest.waiting")}</p>
      </div>
    </li>
  );
}

/** What was found, in a sentence. */
function Sentence({ result, port }: { readonly result: Result; readonly port: string }) {
  const { t, i18n } = useTranslation();
  const mbit = (value: number): string => value.toLocaleString(i18n.language, { maximumFractionDigits: value < 10 ? 1 : 0 });
  if (result.level === "away") return t("selftest.away");
  if (result.check === "socket") return t(`selftest.socket.${result.level === "ok" ? "ok" : "fail"}`);
  if (result.check === "speed") {
    return t(`selftest.speed.${result.level === "none" ? "fail" : result.level}`, { down: mbit(result.down), up: mbit(result.up) });
  }
  if (result.level === "ok") return result.ms === null ? t(`selftest.${result.check}.ok`) : t(`selftest.${result.check}.okMs`, { ms: result.ms });
  return result.check === "relay" && result.level === "none" ? t("selftest.relay.none") : t(`selftest.${result.check}.fail`, { port });
}
