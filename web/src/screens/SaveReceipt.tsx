import { FileCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../ui/Button";
import { Note } from "../ui/Note";
import { save } from "../ui/save";
import { useActions, useCall } from "./context";

/** Saves the server's signed word on where the call was held; nothing where there has been no call. */
export function SaveReceipt() {
  const { t } = useTranslation();
  const call = useActions();
  const there = useCall((state) => state.receipt);
  const [failed, setFailed] = useState(false);
  const take = async (): Promise<void> => {
    const file = await call.routeReceipt();
    setFailed(file === null);
    if (file !== null) save(`${t("receipt.file")}-${new Date().toISOString().slice(0, 16).replace(":", "-")}.json`, file);
  };
  if (!there) return null;
  return (
    <>
      <p className="help">{t("receipt.about")}</p>
      <div className="actions">
        <Button icon={FileCheck} data-save="receipt" onPress={() => void take()}>
          {t("receipt.save")}
        </Button>
      </div>
      {failed ? <Note tone="heed">{t("receipt.failed")}</Note> : null}
    </>
  );
}
