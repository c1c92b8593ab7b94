import { Button } from "react-aria-components";
import { useTranslation } from "react-i18next";

import { REACTIONS } from "../../call/said";
import { Dialog } from "../../ui/Dialog";
import { EMOJI } from "../emoji";
import { useActions } from "../context";
import { useView } from "../view";

/** One press sends one. */
export function React() {
  const { t } = useTranslation();
  const call = useActions();
  const { closeAsk } = useView();
  return (
    <Dialog title={t("reactions.title")} open onClose={closeAsk}>
      <div className="reactions">
        {REACTIONS.map((what) => (
          <Button
            key={what}
            className="reaction"
            data-reaction={what}
            aria-label={t(`reactions.${what}`)}
            onPress={() => {
              closeAsk();
              void call.react(what);
            }}
          >
            <span aria-hidden>{EMOJI[what]}</span>
          </Button>
        ))}
      </div>
    </Dialog>
  );
}
