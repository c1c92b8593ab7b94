import { type LucideIcon, MessageSquare, MessageSquareOff, Mic, MicOff, MonitorOff, MonitorUp, Video, VideoOff } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../call/contract";
import { useActions } from "../context";

interface Word {
  readonly id: string;
  readonly icon: LucideIcon;
  readonly label: string;
  readonly act: () => void;
}

/** What is let, or not let, of one person. */
const RIGHTS = { unmute: [Mic, MicOff], video: [Video, VideoOff], share: [MonitorUp, MonitorOff], chat: [MessageSquare, MessageSquareOff] } as const;

/** What a host may say to one person who is no host: mute, a question, and what that person may do. */
export function usePersonWords({ participant, hosting, may, microphone, camera }: Person): readonly Word[] {
  const { t } = useTranslation();
  const call = useActions();
  const mute: Word = { id: "mute", icon: MicOff, label: t("rights.person.mute"), act: () => void call.mute(participant) };
  const ask = (source: "microphone" | "camera", right: "unmute" | "video"): Word => ({
    id: `ask-${source}`,
    icon: source === "microphone" ? Mic : Video,
    label: t(source === "microphone" ? "rights.person.askMicrophone" : "rights.person.askCamera"),
    act: () => {
      // Who may not could not follow: who is asked is let.
      if (!may.includes(right)) call.setException(participant, right, true);
      void call.askFor(participant, source);
    },
  });
  const words = [microphone ? mute : ask("microphone", "unmute"), ...(camera ? [] : [ask("camera", "video")])];
  if (hosting) return words;
  const lets = (Object.keys(RIGHTS) as (keyof typeof RIGHTS)[]).map((right): Word => {
    const allowed = may.includes(right);
    return {
      id: `let-${right}`,
      icon: RIGHTS[right][allowed ? 1 : 0],
      label: t(`rights.person.${allowed ? "stop" : "let"}.${right}`),
      act: () => {
        call.setException(participant, right, !allowed);
      },
    };
  });
  return [...words, ...lets];
}
