import type { TFunction } from "i18next";

import { ApiError } from "../api/http";

/** Why something failed, as a sentence: the server's own where it gave one. */
export function failure(error: unknown, t: TFunction): string {
  if (!(error instanceof ApiError)) return t("meetings.failed", { message: String(error) });
  if (error.code === "server_unreachable") return t("meetings.offline");
  if (error.code === "not_signed_in") return t("meetings.signedOut");
  return t("meetings.failed", { message: error.message === "" ? error.code : error.message });
}
