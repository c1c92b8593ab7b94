import { RotateCw, SendHorizontal } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { ChatLine } from "../../call/contract";
import { Button } from "../../ui/Button";
import { useActions, useCall } from "../context";
import { Frozen } from "./Frozen";
import { linkify } from "./linkify";
import { Writer } from "./Writer";

/** What was written since one came in. */
export function ChatPanel() {
  const { t, i18n } = useTranslation();
  const call = useActions();
  const lines = useCall((state) => state.chat);
  const told = useCall((state) => state.unread > 0 || state.toasts.some(({ kind }) => kind === "chat" || kind === "send_failed"));
  const held = useCall((state) => state.rules.suspended && !state.hosting);
  const log = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (told) call.seenChat();
  }, [call, told]);
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [lines]);
  const retry = (line: string): void => {
    // The button goes with the press; who works by keyboard stays among the messages.
    log.current?.focus();
    void call.retry(line);
  };
  const clock = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit" });
  return (
    <>
      <div ref={log} className="panel-body chat" role="log" aria-label={t("chat.label")} tabIndex={0}>
        {lines.length === 0 ? (
          <div className="empty">
            <SendHorizontal size={28} aria-hidden />
            <p>{t("chat.empty")}</p>
            <p className="help">{t("chat.emptyNext")}</p>
          </div>
        ) : (
          lines.map((line, index) => <Line key={line.id} line={line} follows={follows(lines[index - 1], line)} time={clock.format(line.at)} onRetry={retry} />)
        )}
        <div ref={end} />
      </div>
      {held ? <Frozen /> : <Writer />}
    </>
  );
}

const TOGETHER_MS = 120_000;

/** The same person goes on: the name need not be said again. */
function follows(before: ChatLine | undefined, line: ChatLine): boolean {
  return before?.participant === line.participant && line.at - before.at < TOGETHER_MS;
}

interface LineProps {
  readonly line: ChatLine;
  readonly follows: boolean;
  readonly time: string;
  readonly onRetry: (line: string) => void;
}

function Line({ line, follows: goesOn, time, onRetry }: LineProps) {
  const { t } = useTranslation();
  const words = useId();
  return (
    <article className="line" data-self={line.self || undefined} data-state={line.state} data-follows={goesOn || undefined}>
      {goesOn ? null : (
        <header>
          <strong>{line.self ? t("common.you") : line.name}</strong>
          <time dateTime={new Date(line.at).toISOString()}>{time}</time>
        </header>
      )}
      <p id={words} className="line-text">
        {linkify(line.text).map((piece, index) =>
          piece.link ? (
            <a key={index} href={piece.text} target="_blank" rel="noopener noreferrer" referrerPolicy="no-referrer">
              {piece.text}
            </a>
          ) : (
            piece.text
          ),
        )}
      </p>
      {line.state === "sending" ? <p className="line-state">{t("chat.sending")}</p> : null}
      {line.state === "failed" ? (
        <div className="line-failed">
          <p className="line-state">{t("chat.failed")}</p>
          <Button
            tone="bare"
            icon={RotateCw}
            aria-describedby={words}
            onPress={() => {
              onRetry(line.id);
            }}
          >
            {t("chat.retry")}
          </Button>
        </div>
      ) : null}
    </article>
  );
}
