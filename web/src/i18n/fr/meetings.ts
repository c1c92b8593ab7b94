import type { Sentences } from "../sentences";

export const meetings: Sentences["meetings"] = {
  title: "Mes réunions",
  create: "Nouvelle réunion",
  creating: "Création des clés…",
  name: "De quoi s’agit-il ?",
  nameHelp: "Facultatif. Le serveur et toute personne qui a le lien peuvent le lire.",
  make: "Créer la réunion",
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
  replace: "Remplacer le lien",
  replaceTitle: "Remplacer le lien de « {{title}} » ?",
  replaceText:
    "Le lien actuel n’ouvre plus rien, pour personne. Donnez le nouveau à celles et ceux qui doivent venir. Tant que quelqu’un est dans la réunion, c’est un hôte qui le remplace là, et tout le monde à l’intérieur a aussitôt le nouveau.",
  rename: "Renommer",
  renameTitle: "Renommer « {{title}} »",
  delete: "Supprimer",
  deleteTitle: "Supprimer « {{title}} » ?",
  deleteText: "Le lien cesse de fonctionner pour toutes les personnes qui l’ont. C’est définitif.",
  deleteType: "Écrivez le nom de la réunion pour continuer.",
  deleteName: "Nom de la réunion",
  hostLink: "Lien privé d’hôte",
  hostLinkText:
    "Il fait de vous l’hôte sur un autre de vos appareils. Qui l’a peut faire sortir des personnes et terminer l’appel : ne le donnez à personne.",
  hostLinkCopy: "Copier le lien d’hôte",
  untitled: "Réunion sans nom",
  live: "Des personnes y sont en ce moment.",
  since: "Créée le {{date}}",
  paste: "Le lien n’est pas sur cet appareil",
  pasteText: "Le serveur ne le connaît pas. Collez une fois le lien d’hôte depuis votre autre appareil : il reste ici, chiffré.",
  pasteLabel: "Lien",
  pasteSave: "Le garder ici",
  pasteWrong: "Ce n’est pas le lien de cette réunion. Copiez le lien entier, avec la partie après #.",
  failed: "Cela n’a pas fonctionné : {{message}}",
  offline: "Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.",
  signedOut: "Votre session est terminée. Rechargez la page pour vous reconnecter.",
};

export const now: Sentences["now"] = {
  making: "Création d’une réunion. Votre navigateur tire la clé…",
  noToken: "Cette adresse est incomplète. Copiez l’adresse entière « meet now » depuis le terminal.",
  refused:
    "Cette adresse a déjà servi ou n’est plus valable. Redémarrez Conclave pour en avoir une nouvelle, ou connectez-vous pour créer une réunion.",
  failed: "La réunion n’a pas pu être créée.",
};
