import type { Sentences } from "../sentences";

export const ended: Sentences["ended"] = {
  left: "Vous avez quitté l’appel.",
  removed: "L’hôte vous a fait sortir.",
  banned: "Un hôte vous a banni de cette réunion.",
  ended: "L’hôte a terminé l’appel pour tout le monde.",
  joined_elsewhere: "Vous avez rejoint cet appel dans un autre onglet ou sur un autre appareil.",
  restarting: "Le serveur redémarre.",
  misbehaved: "Le serveur a fermé la connexion : il ne comprenait pas ce navigateur.",
  seat_unknown: "Le serveur ne connaît plus votre place dans cet appel.",
  not_securing: "Ce navigateur n’a pas pu s’accorder sur la clé avec les autres ; rien n’a été envoyé.",
  link_unknown: "Ce lien n’ouvre aucune réunion ici.",
  link_incomplete: "Ce lien est incomplet.",
  link_old: "Ce lien a été remplacé.",
  name_empty: "Votre nom est vide.",
  name_too_long: "Votre nom est trop long.",
  name_forbidden: "Votre nom contient des signes qui ne peuvent pas être affichés sans risque.",
  call_locked: "L’hôte a verrouillé cet appel.",
  call_full: "L’appel est complet.",
  media_unavailable: "Le serveur ne peut pas transmettre le son et l’image en ce moment.",
  server_unreachable: "Le serveur est injoignable.",
  call_moved: "Le serveur vous a donné la place de quelqu’un d’autre : ce navigateur a donc quitté l’appel.",
  browser_unfit: "Ce navigateur ne sait pas chiffrer le son et l’image ; il ne peut donc pas entrer.",
  malformed: "Le serveur n’a pas pu lire la demande de ce navigateur.",
};

export const endedBy: Sentences["endedBy"] = {
  removed: "{{name}} vous a fait sortir de l’appel.",
  banned: "{{name}} vous a banni de cette réunion.",
};

export const endedNext: Sentences["endedNext"] = {
  left: "Vous pouvez revenir tant que l’appel dure.",
  removed:
    "Ce navigateur ne peut pas revenir dans cet appel ; le lien ouvre le prochain. Adressez-vous à l’hôte si vous pensez que c’est une erreur.",
  banned:
    "Ni ce navigateur ni votre compte ici ne peuvent revenir, et le lien a été remplacé. Adressez-vous à l’hôte, qui peut annuler cette décision.",
  ended: "Le lien reste valable pour le prochain appel.",
  joined_elsewhere: "Continuez là-bas, ou ramenez l’appel dans cet onglet.",
  restarting: "Attendez un instant, puis revenez. Votre place est gardée une demi-minute.",
  misbehaved: "Rechargez la page et revenez. Si cela se reproduit, prévenez la personne qui gère ce serveur.",
  seat_unknown: "Revenez : vous recevrez une nouvelle place.",
  not_securing: "Revenez pour réessayer. Si cela échoue encore, essayez un autre navigateur.",
  link_unknown: "Il est peut-être coupé, ou la réunion a été supprimée. Redemandez le lien.",
  link_incomplete: "Demandez le lien entier : il a une longue partie après le signe #. Personne n’a été dérangé.",
  link_old: "L’ancien n’ouvre plus rien. Demandez le nouveau lien à la personne qui vous a invité.",
  name_empty: "Écrivez le nom que les autres doivent voir.",
  name_too_long: "Utilisez au plus 64 lettres.",
  name_forbidden: "Utilisez des lettres, des chiffres et des signes ordinaires.",
  call_locked: "Personne d’autre ne peut entrer tant qu’il est verrouillé. Demandez à un hôte de le déverrouiller, puis réessayez.",
  call_full: "Réessayez quand quelqu’un sera parti.",
  media_unavailable: "Réessayez dans une minute. Si cela dure, prévenez la personne qui gère ce serveur.",
  server_unreachable: "Vérifiez votre connexion, puis réessayez.",
  call_moved: "Rien de vous n’est apparu sous un autre nom. Revenez ; si cela se reproduit, prévenez la personne qui gère ce serveur.",
  browser_unfit: "Utilisez une version actuelle de Chrome, Edge, Chromium ou Firefox. Il n’existe pas d’entrée sans chiffrement.",
  malformed: "Rechargez la page. Si cela se reproduit, prévenez la personne qui gère ce serveur.",
};

export const endedScreen: Sentences["endedScreen"] = {
  rejoin: "Revenir",
  again: "Réessayer",
  home: "Page d’accueil",
  reload: "Recharger la page",
  why: "Pourquoi ?",
  unfit: {
    intro:
      "Tout ce qui se dit ici est chiffré dans votre navigateur avant d’en sortir. Cela demande quatre capacités, toutes vérifiées à l’instant :",
    transform: "chiffrer chaque fragment de son et d’image (encoded transforms)",
    worker: "travailler à l’écart de la page (module workers)",
    wasm: "exécuter l’accord sur la clé (WebAssembly)",
    crypto: "tirer et utiliser des clés (WebCrypto, seulement à une adresse https)",
  },
  code: "Code pour l’assistance : {{code}}",
};
