import type { Sentences } from "../sentences";

export const controls: Sentences["controls"] = {
  microphone: { short: "Micro", on: "Allumer le micro", off: "Couper le micro" },
  camera: { short: "Caméra", on: "Allumer la caméra", off: "Couper la caméra" },
  screen: { short: "Écran", on: "Montrer votre écran", off: "Ne plus montrer votre écran" },
  hand: { short: "Main", on: "Lever la main", off: "Baisser la main" },
  reaction: { short: "Réaction", on: "Envoyer une réaction", off: "Envoyer une réaction" },
  people: { short: "Personnes", on: "Voir les personnes présentes", off: "Fermer la liste des personnes" },
  chat: { short: "Discussion", on: "Ouvrir la discussion", off: "Fermer la discussion" },
  safety: { short: "Règles", on: "Règles : l’entrée, les hôtes, suspendre", off: "Fermer le panneau « Règles »" },
  security: { short: "Sécurité", on: "Sécurité : qui peut écouter", off: "Fermer le panneau de sécurité" },
  more: { short: "Plus", on: "Plus : appareils, langue, raccourcis", off: "Fermer le panneau « Plus »" },
  leave: { short: "Quitter", on: "Quitter l’appel", off: "Quitter l’appel" },
  end: { short: "Terminer", on: "Terminer l’appel pour tout le monde", off: "Terminer l’appel pour tout le monde" },
};
