import { Mail, Undo2, UserPlus, UserX } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { getInvitations, type Invitation, revokeInvitation } from "../api/meetings";
import type { Kept } from "../e2ee/keyring";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Dialog } from "../ui/Dialog";
import { Note } from "../ui/Note";
import { Picker } from "../ui/Picker";
import { TextField } from "../ui/TextField";
import { failure } from "./failure";
import { invite } from "./links";

const DAYS = { day: 1, week: 7, month: 30, quarter: 90, year: 365 } as const;
type Term = keyof typeof DAYS;
const TERMS = Object.keys(DAYS) as readonly Term[];
const LONGEST_WHOM = 100;

interface InvitationsProps {
  readonly meeting: string;
  readonly shown: string;
  /** Null when this device does not have the link that an invitation is made of. */
  readonly kept: Kept | null;
  readonly onClose: () => void;
}

interface Fresh {
  readonly made: Invitation;
  readonly link: string;
}

/** Whom the owner has invited by name: each has a link of their own, which is taken back by itself. */
export function Invitations({ meeting, shown, kept, onClose }: InvitationsProps) {
  const { t } = useTranslation();
  const [all, setAll] = useState<readonly Invitation[] | null>(null);
  const [fresh, setFresh] = useState<Fresh | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    getInvitations(meeting).then(setAll, (reason: unknown) => {
      setError(failure(reason, t));
    });
  }, [meeting, t]);
  const take = (one: Invitation): void => {
    setAll((before) => before?.map((each) => (each.invitation === one.invitation ? one : each)) ?? null);
  };
  return (
    <Dialog title={t("meetings.invitations.of", { title: shown })} open wide onClose={onClose}>
      <p>{t("meetings.invitations.text")}</p>
      {kept ? (
        <Invite
          meeting={meeting}
          kept={kept}
          onMade={(next) => {
            setFresh(next);
            setAll((before) => [next.made, ...(before ?? [])]);
          }}
        />
      ) : (
        <Note tone="heed">{t("meetings.invitations.noLink")}</Note>
      )}
      <div role="status">{fresh ? <MadeNow key={fresh.link} {...fresh} shown={shown} /> : null}</div>
      {error === null ? null : <Note tone="heed">{error}</Note>}
      {all === null ? null : all.length === 0 ? (
        <p className="help" data-empty>
          {t("meetings.invitations.none")}
        </p>
      ) : (
        <ul className="invitations" aria-label={t("meetings.invitations.title")}>
          {all.map((one) => (
            <Line key={one.invitation} meeting={meeting} one={one} onChanged={take} onError={setError} />
          ))}
        </ul>
      )}
      <div className="actions">
        <Button onPress={onClose}>{t("common.close")}</Button>
      </div>
    </Dialog>
  );
}

/** For whom, and for how long. */
function Invite({ meeting, kept, onMade }: { readonly meeting: string; readonly kept: Kept; readonly onMade: (fresh: Fresh) => void }) {
  const { t } = useTranslation();
  const [whom, setWhom] = useState("");
  const [term, setTerm] = useState<Term>("month");
  const [error, setError] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const make = async (): Promise<void> => {
    if (whom.trim() === "") {
      setError(t("meetings.invitations.whomEmpty"));
      return;
    }
    setMaking(true);
    setError(null);
    try {
      onMade(await invite(meeting, kept, whom.trim(), DAYS[term]));
      setWhom("");
    } catch (reason) {
      setError(failure(reason, t));
    }
    setMaking(false);
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!making) void make();
      }}
    >
      <TextField
        label={t("meetings.invitations.whom")}
        help={t("meetings.invitations.whomHelp")}
        error={error}
        value={whom}
        onChange={setWhom}
        maxLength={LONGEST_WHOM}
        autoComplete="off"
        autoFocus
      />
      <Picker
        label={t("meetings.invitations.days")}
        options={TERMS.map((id) => ({ id, label: t(`meetings.invitations.for.${id}`) }))}
        chosen={term}
        empty=""
        onChoose={(id) => {
          setTerm(id as Term);
        }}
      />
      <div className="actions">
        <Button tone="keep" type="submit" icon={UserPlus} isPending={making}>
          {t("meetings.invitations.make")}
        </Button>
      </div>
    </form>
  );
}

/** The link of an invitation that was just made; nobody can show it again. */
function MadeNow({ made, link, shown }: Fresh & { readonly shown: string }) {
  const { t } = useTranslation();
  const body = t("meetings.invitations.mailBody", { link });
  return (
    <section className="stack" data-made={made.invitation}>
      <Note tone="keep">{t("meetings.invitations.made", { whom: made.whom })}</Note>
      <p className="code link-text">{link}</p>
      <div className="actions">
        <CopyButton text={link} label={t("meetings.invitations.copy")} done={t("meetings.copied")} tone="keep" />
        <a className="button" href={`mailto:${made.whom.includes("@") ? encodeURIComponent(made.whom) : ""}?subject=${encodeURIComponent(t("meetings.mailSubject", { title: shown }))}&body=${encodeURIComponent(body)}`}>
          <Mail size={20} aria-hidden />
          {t("meetings.mail")}
        </a>
      </div>
    </section>
  );
}

interface LineProps {
  readonly meeting: string;
  readonly one: Invitation;
  readonly onChanged: (one: Invitation) => void;
  readonly onError: (error: string | null) => void;
}

/** One invitation: how it stands, and taking it back, which can be undone here. */
function Line({ meeting, one, onChanged, onError }: LineProps) {
  const { t, i18n } = useTranslation();
  const [undo, setUndo] = useState(false);
  const [opened] = useState(() => Date.now());
  const date = (time: number): string => new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" }).format(time);
  const { whom, revoked_at: revoked, expires_at: until, used_at: used } = one;
  const state = revoked !== null ? "revoked" : until <= opened ? "over" : used !== null ? "used" : "waiting";
  const change = async (back: boolean): Promise<void> => {
    onError(null);
    try {
      onChanged(await revokeInvitation(meeting, one.invitation, back));
      setUndo(back);
    } catch (reason) {
      onError(failure(reason, t));
    }
  };
  return (
    <li data-invitation={one.invitation} data-state={state}>
      <div>
        <strong>{whom}</strong>
        <p className="help">{t(`meetings.invitations.states.${state}`, { until: date(until), used: date(used ?? 0), revoked: date(revoked ?? 0) })}</p>
      </div>
      {revoked === null && until > opened ? (
        <Button tone="danger" icon={UserX} aria-label={t("meetings.invitations.revokeOf", { whom })} onPress={() => void change(true)}>
          {t("meetings.invitations.revoke")}
        </Button>
      ) : undo ? (
        <Button icon={Undo2} aria-label={t("meetings.invitations.undoOf", { whom })} onPress={() => void change(false)}>
          {t("meetings.invitations.undo")}
        </Button>
      ) : null}
    </li>
  );
}
