import type { Sentences } from "../sentences";

export const people: Sentences["people"] = {
  title_one: "{{count}} personne",
  title_other: "{{count}} personnes",
  host: "hôte",
  signedIn: "avec un compte",
  domain: "de {{domain}}",
  typed: "a écrit ce nom",
  remove: "Faire sortir {{name}}",
};

export const chat: Sentences["chat"] = {
  label: "Messages",
  empty: "Rien n’a encore été écrit.",
  emptyNext: "Ce que vous écrivez est chiffré comme le reste. Qui vient plus tard ne le voit pas.",
  write: "Écrire à tout le monde",
  send: "Envoyer",
  sending: "envoi…",
  failed: "non envoyé",
  retry: "Renvoyer",
  tooLong: "Au plus 4 000 lettres.",
};

export const security: Sentences["security"] = {
  none: "Vous n’avez pas encore de clé.",
  holds_one: "Pour l’instant, personne d’autre que vous n’a la clé. Le serveur ne l’a pas.",
  holds_other: "Tout le monde ici a la clé : {{count}} personnes. Le serveur ne l’a pas.",
  some_one: "Une personne ici a la clé. Le serveur ne l’a pas.",
  some_other: "{{count}} personnes ici ont la clé. Le serveur ne l’a pas.",
  securing_one: "Une personne est encore en train de recevoir la clé.",
  securing_other: "{{count}} personnes sont encore en train de recevoir la clé.",
  strangers_one: "Une connexion est là sans clé. Elle ne peut rien voir ni entendre.",
  strangers_other: "{{count}} connexions sont là sans clé. Elles ne peuvent rien voir ni entendre.",
  code: "Code de sécurité",
  codeText: "Lisez-le à voix haute. Quand tout le monde voit les mêmes 30 chiffres, personne n’écoute entre vous.",
  codeAlone: "Quand quelqu’un d’autre sera là, comparez ce code : les mêmes 30 chiffres sur chaque écran.",
  codeAria: "Code de sécurité : {{code}}",
  match: "Les codes sont identiques",
  matchAgain: "Les codes sont toujours identiques",
  differ: "Ils diffèrent",
  differText:
    "Alors quelqu’un se tient peut-être entre vous. Ne dites rien de privé, terminez l’appel, et recommencez avec un nouveau lien envoyé par une autre voie.",
  verified: "Vous avez comparé le code à {{time}}.",
  unchanged: "Personne n’est venu ni parti depuis.",
  since: "Depuis :",
  notVerified: "Vous n’avez pas encore comparé le code.",
  people: "Qui a la clé",
  details: "Détails",
  epoch: "Numéro de la clé (époque)",
  members: "Feuilles du groupe",
  agreement: "Accord sur la clé",
  agreementValue: "MLS (RFC 9420), X25519, Ed25519",
  frames: "Son et image",
  framesValue: "AES-128-GCM, fragment par fragment",
  region: "Région des médias",
  seen: "Toutes les arrivées et tous les départs",
};

export const more: Sentences["more"] = {
  devices: "Appareils",
  look: "Langue et couleurs",
  controls: "Commandes",
  shortcuts: "Raccourcis clavier",
  shortcutsText: "Une seule touche suffit, tant que vous n’êtes pas en train d’écrire.",
  closePanel: "Fermer le panneau ou la fenêtre",
  sheet: "Afficher cette liste",
  shift: "Maj",
  escape: "Échap",
};
