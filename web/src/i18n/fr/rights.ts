import type { Sentences } from "../sentences";

export const rights: Sentences["rights"] = {
  title: "Ce que chacun peut faire",
  text: "Les hôtes peuvent toujours faire ce qui n’est pas fermé à tous. La liste des personnes permet de laisser faire une seule personne, ou non.",
  readonly: "Ce sont les hôtes qui en décident.",
  muteAll: "Couper tous les micros",
  of: {
    unmute: "Parler",
    video: "Montrer sa caméra",
    share: "Montrer son écran",
    chat: "Écrire dans la discussion",
    reactions: "Envoyer des réactions",
    pictures: "Voir la caméra de tous",
    rename: "Changer de nom",
  },
  who: { all: "Tout le monde", few: "Tout le monde, jusqu’à 10 personnes", one: "Un seul à la fois", hosts: "Les hôtes seulement", off: "Personne" },
  why: {
    unmute: "L’hôte a coupé votre micro.",
    video: "L’hôte a coupé votre caméra.",
    share: "L’hôte ne vous laisse pas montrer votre écran.",
    chat: "L’hôte a fermé la discussion.",
    reactions: "L’hôte a fermé les réactions.",
    screenTaken: "Quelqu’un d’autre montre son écran. Un seul à la fois.",
  },
  person: {
    mute: "Couper le micro",
    askMicrophone: "Demander d’allumer le micro",
    askCamera: "Demander d’allumer la caméra",
    stop: { unmute: "Ne pas laisser parler", video: "Arrêter la caméra", share: "Ne pas laisser montrer un écran", chat: "Ne pas laisser écrire" },
    let: { unmute: "Laisser parler", video: "Laisser montrer la caméra", share: "Laisser montrer un écran", chat: "Laisser écrire" },
  },
  rename: {
    open: "Changer votre nom",
    title: "Votre nom dans cet appel",
    text: "Tout le monde est informé du changement.",
    field: "Nom",
    save: "Le changer",
    failed: "Ce nom n’est pas possible ici, ou l’hôte garde les noms tels quels.",
  },
};

export const reactions: Sentences["reactions"] = {
  title: "Réactions",
  applause: "Applaudissements",
  celebrate: "Fête",
  heart: "Cœur",
  laugh: "Rire",
  surprise: "Surprise",
  thumb: "Pouce levé",
};
