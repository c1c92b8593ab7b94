import type { Sentences } from "../sentences";

export const selftest: Sentences["selftest"] = {
  title: "Ce qui a été essayé",
  trying: "Essai en cours…",
  waiting: "Vient en dernier, car il lui faut toute la ligne.",
  again: "Tester à nouveau",
  levels: { ok: "fonctionne", warn: "lent", fail: "ne fonctionne pas", none: "pas proposé", away: "pas connu" },
  away: "L’essai n’a pas pu se faire : le serveur n’y a pas pris part.",
  socket: {
    name: "Messages",
    ok: "Les messages et les clés passent.",
    fail: "Les messages et les clés ne passent pas. Un filtre en chemin interdit peut-être les WebSockets.",
  },
  udp: {
    name: "Son et image, la meilleure voie (UDP)",
    ok: "Elle atteint le serveur.",
    okMs: "Elle atteint le serveur ; l’aller-retour prend {{ms}} ms.",
    fail: "Rien ne revient : quelque chose en chemin tient le port {{port}}/UDP fermé.",
  },
  tcp: {
    name: "Son et image, la deuxième voie (TCP)",
    ok: "Elle atteint le serveur.",
    okMs: "Elle atteint le serveur ; l’aller-retour prend {{ms}} ms.",
    fail: "Rien ne revient : quelque chose en chemin tient le port {{port}}/TCP fermé.",
  },
  relay: {
    name: "Son et image par un relais",
    ok: "Le relais les transmet.",
    okMs: "Le relais les transmet ; l’aller-retour prend {{ms}} ms.",
    fail: "Le relais est hors d’atteinte.",
    none: "Ce serveur n’en a pas.",
  },
  speed: {
    name: "Débit",
    ok: "Environ {{down}} Mbit/s vers vous et {{up}} depuis vous : assez pour une réunion.",
    warn: "Environ {{down}} Mbit/s vers vous et {{up}} depuis vous : assez pour le son, peu pour l’image.",
    fail: "Presque rien n’est passé.",
  },
  honest: "C’est une mesure courte : elle dit si une réunion passe, pas ce que peut votre ligne.",
  verdict: {
    good: "Les réunions fonctionneront d’ici.",
    slow: "Les réunions fonctionneront d’ici, peut-être avec des images saccadées.",
    bad: "Les réunions ne fonctionneront pas d’ici.",
    away: "Le serveur ne peut pas le dire pour l’instant.",
  },
  next: {
    slow: "Un câble au lieu du Wi-Fi, ou un autre réseau, aide souvent.",
    bad: "Essayez un autre réseau. Ou montrez cette page à qui s’occupe du vôtre : les navigateurs doivent atteindre {{node}} sur le port {{udp}}/UDP, ou {{tcp}}/TCP.",
    away: "Cela ne dit rien de votre réseau. Testez à nouveau dans une minute ; si cela dure, dites-le à qui s’occupe du serveur.",
  },
};
