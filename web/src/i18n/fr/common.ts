import type { Sentences } from "../sentences";

export const common: Sentences["common"] = {
  cancel: "Annuler",
  close: "Fermer",
  save: "Enregistrer",
  tryAgain: "Réessayer",
  you: "vous",
  host: "hôte",
  guest: "personne invitée",
  language: "Langue",
  theme: "Couleurs",
  themes: { system: "Comme cet appareil", light: "Clair", dark: "Sombre" },
  protection: "Ce qui est protégé, et ce qui ne l’est pas",
};
