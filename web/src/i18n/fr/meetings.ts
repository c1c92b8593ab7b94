import type { Sentences } from "../sentences";

export const meetings: Sentences["meetings"] = {
  title: "Mes réunions",
  create: "Nouvelle réunion",
  creating: "Création des clés…",
  name: "De quoi s’agit-il ?",
  nameHelp: "Facultatif. Le serveur et toute personne qui a le lien peuvent le lire.",
  make: "Créer la réunion",
  made: "La réunion est prête.",
  empty: "Vous n’avez pas encore de réunion.",
  emptyNext: "Créez-en une : votre navigateur tire la clé, et le serveur ne la voit jamais.",
  open: "Ouvrir",
  copyLink: "Copier le lien",
  copied: "Copié",
  share: "Partager",
  mail: "E-mail",
  mailSubject: "Réunion : {{title}}",
  mailBody: "Rejoignez-moi ici :\n{{link}}\n\nLe lien est la clé : ne le transmettez qu’aux personnes qui doivent venir.",
  more: "Plus pour « {{title}} »",
  rename: "Renommer",
  renameTitle: "Renommer « {{title}} »",
  delete: "Supprimer",
  deleteTitle: "Supprimer « {{title}} » ?",
  deleteText: "Le lien cesse de fonctionner pour toutes les personnes qui l’ont. C’est définitif. Écrivez le nom de la réunion pour continuer.",
  deleteName: "Nom de la réunion",
  hostLink: "Lien privé d’hôte",
  hostLinkText:
    "Il fait de vous l’hôte sur un autre de vos appareils. Qui l’a peut faire sortir des personnes et terminer l’appel : ne le donnez à personne.",
  hostLinkCopy: "Copier le lien d’hôte",
  untitled: "Réunion sans nom",
  since: "Créée le {{date}}",
  paste: "Le lien n’est pas sur cet appareil",
  pasteText: "Le serveur ne le connaît pas. Collez une fois le lien d’hôte depuis votre autre appareil : il reste ici, chiffré.",
  pasteLabel: "Lien",
  pasteSave: "Le garder ici",
  pasteWrong: "Ce n’est pas le lien de cette réunion. Copiez le lien entier, avec la partie après #.",
  failed: "Cela n’a pas fonctionné : {{message}}",
  offline: "Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.",
  signedOut: "Vous n’êtes plus connecté. Rechargez la page pour vous reconnecter.",
};

export const now: Sentences["now"] = {
  making: "Création d’une réunion. Votre navigateur tire la clé…",
  noToken: "Cette adresse est incomplète. Copiez l’adresse entière « meet now » depuis le terminal.",
  refused:
    "Cette adresse a déjà servi ou n’est plus valable. Redémarrez Conclave pour en avoir une nouvelle, ou connectez-vous pour créer une réunion.",
  failed: "La réunion n’a pas pu être créée.",
};

export const owner: Sentences["owner"] = {
  noToken: "Ce lien de propriétaire est incomplet. Copiez le lien entier depuis le terminal.",
  ready: "Choisissez l’adresse e-mail et le mot de passe avec lesquels vous vous connecterez.",
};
