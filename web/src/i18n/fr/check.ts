import type { Sentences } from "../sentences";

export const check: Sentences["check"] = {
  label: "Le lien",
  help: "Il est examiné dans votre navigateur. Sa partie secrète n’est envoyée à personne.",
  look: "Le vérifier",
  none: "Ce n’est pas le lien d’une réunion. Collez l’adresse entière qu’on vous a donnée.",
  cut: "Ce lien est incomplet : il a une longue partie après le signe #. Demandez le lien entier.",
  elsewhere: "Ce lien mène à {{host}}, pas à ce serveur : rien n’a donc été demandé à son sujet. Ne l’ouvrez que si vous savez qui l’a envoyé et que vous attendez cette adresse.",
  unknown: "Ce lien n’ouvre aucune réunion ici. Il est peut-être coupé, ou la réunion a été supprimée. Redemandez le lien.",
  former: "Ce lien a été remplacé. Il n’ouvre plus rien ; qui l’a peut seulement frapper à la porte. Demandez le nouveau, ou ouvrez-le et frappez.",
  good: "Ce lien ouvre la réunion « {{title}} ».",
  goodUntitled: "Ce lien ouvre une réunion ici.",
  host: "C’est un lien privé d’hôte : qui l’a peut faire sortir des personnes et terminer l’appel. Ne le donnez à personne. S’il est arrivé chez quelqu’un d’autre, créez une nouvelle réunion.",
  personal: "C’est une invitation personnelle : elle fait entrer une personne à la fois, et peut être annulée. Ne la transmettez pas.",
  open: "Qui l’a entre aussitôt : personne n’est consulté. Ne le mettez pas sur une page publique. Son propriétaire peut choisir « Gardée » dans « Mes réunions », sous « Qui entre », ou le remplacer s’il a circulé.",
  guarded: "Le lien seul ne fait pas entrer tout le monde : certains attendent qu’un hôte les fasse entrer, ou ont besoin d’un code, d’un compte ou d’une invitation.",
};
