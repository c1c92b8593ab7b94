"""How names are compared when somebody looks for one: without case and accents, word by word. Pure."""

import unicodedata


def search_key(*, raw: str) -> str:
    """Return the words of a line in one spelling, so that "elodie" finds Élodie.

    Args:
        raw: a name, or what somebody types to find one.
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", raw.casefold()) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in bare).split())
