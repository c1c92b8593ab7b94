import type { Sentences } from "../sentences";

export const lobby: Sentences["lobby"] = {
  title: "Rejoindre la réunion",
  heading: "Rejoindre « {{title}} »",
  invites: "{{name}} vous invite.",
  noInviter: "Vous avez le lien de cette réunion.",
  regionHere: "Le son et l’image passent par ce serveur et ne vont nulle part ailleurs.",
  region: "Le son et l’image passent par {{region}} et ne vont nulle part ailleurs.",
  regionTerritory: "Le son et l’image passent par un serveur situé ici : {{territory}}. Ils ne vont nulle part ailleurs.",
  protected: "Seules les personnes dans l’appel peuvent le voir et l’entendre. Le serveur le transmet sans pouvoir l’ouvrir.",
  open: "Le serveur voit tout de même qui est connecté, quand, combien est envoyé, et depuis quelle adresse réseau.",
  facts: "Avant d’entrer",
  selftest: "Tester votre connexion",
  picture: "Votre image",
  name: "Votre nom",
  nameHelp: "Tout le monde dans l’appel le voit.",
  join: "Rejoindre",
  joining: {
    asking: "Demande d’entrée…",
    connecting: "Connexion…",
    securing: "Accord sur une clé avec les personnes présentes…",
  },
  nobodyYet: "Rien de ce que vous dites ou montrez n’est envoyé avant que vous appuyiez sur Rejoindre.",
  level: "Force avec laquelle votre micro vous entend",
  levelHint: "Dites quelque chose : la barre doit bouger.",
  microphone: "Micro",
  camera: "Caméra",
  speaker: "Haut-parleur",
  devices: "Appareils",
  speakerUsual: "Celui d’habitude",
  nothing: {
    microphone: { refused: "Pas autorisé", missing: "Aucun trouvé", unknown: "Pas encore connu" },
    camera: { refused: "Pas autorisée", missing: "Aucune trouvée", unknown: "Pas encore connue" },
  },
  allow: {
    microphone: "Appuyez sur le signe à gauche de l’adresse et autorisez le micro.",
    camera: "Appuyez sur le signe à gauche de l’adresse et autorisez la caméra.",
  },
  turn: {
    microphoneOn: "Allumer le micro",
    microphoneOff: "Couper le micro",
    cameraOn: "Allumer la caméra",
    cameraOff: "Couper la caméra",
  },
  microphoneState: {
    on: "Votre micro est allumé.",
    off: "Votre micro est coupé.",
    asking: "Votre navigateur demande si cette page peut vous entendre. Répondez « Autoriser ».",
    refused:
      "Votre navigateur ne laisse pas cette page utiliser le micro. Appuyez sur le signe à gauche de l’adresse, autorisez le micro, puis réessayez.",
    missing: "Aucun micro n’a été trouvé. Branchez-en un, puis réessayez.",
    taken: "Un autre programme utilise le micro. Fermez ce programme, puis réessayez.",
  },
  bothRefused:
    "Votre navigateur ne laisse cette page utiliser ni la caméra ni le micro. Appuyez sur le signe à gauche de l’adresse, autorisez les deux, puis réessayez.",
  joinAnyway: "Vous pouvez aussi entrer sans : vous verrez et entendrez quand même les autres.",
  cameraState: {
    on: "Votre caméra est allumée.",
    off: "Votre caméra est coupée.",
    asking: "Votre navigateur demande si cette page peut vous voir. Répondez « Autoriser ».",
    refused:
      "Votre navigateur ne laisse pas cette page utiliser la caméra. Appuyez sur le signe à gauche de l’adresse, autorisez la caméra, puis réessayez.",
    missing: "Aucune caméra n’a été trouvée. Branchez-en une, puis réessayez.",
    taken: "Un autre programme utilise la caméra. Fermez ce programme, puis réessayez.",
  },
};
