"""The page before a dangerous act: it says what will happen to whom, and asks for a passkey for exactly that."""

from collections.abc import Mapping

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from fido2.webauthn import AuthenticationResponse

from conclave.accounts.assertion import Question, Shown
from conclave.accounts.forms import PasskeyField


class ConfirmForm(forms.Form):
    """What was chosen, hidden, with the number of the question; the browser adds the passkey."""

    ask = forms.CharField(max_length=22, widget=forms.HiddenInput)
    credential = PasskeyField(kind=AuthenticationResponse)

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Carry along what was chosen.

        Args:
            chosen: the fields that the act's page will read again.
        """
        for name, value in chosen.items():
            self.fields[name] = forms.CharField(required=False, initial=value, widget=forms.HiddenInput)


def confirmation(
    request: HttpRequest, *, question: Question, chosen: Mapping[str, str], sentence: str, after: str, back: str
) -> HttpResponse:
    """Return the page that asks for the passkey.

    Args:
        request: in which the act was chosen.
        question: what the browser is asked.
        chosen: the fields of the act, sent again with the passkey to the same address.
        sentence: what will happen to whom.
        after: what follows from it.
        back: where to go instead.
    """
    form = ConfirmForm(initial={"ask": question.ask})
    form.choose(chosen)
    shown = {"form": form, "sentence": sentence, "after": after, "back": back, "js_data": {"request_options": question.options}}
    return render(request, "staff/confirm.html", shown)


def passkey_in(request: HttpRequest) -> Shown | None:
    """Return the passkey that was sent with an act, or None while none was.

    Args:
        request: the act's.
    """
    if "credential" not in request.POST:
        return None
    form = ConfirmForm(request.POST)
    # What is no passkey is judged as one that does not fit: there is one answer for all of them.
    return (
        Shown(ask=form.cleaned_data["ask"], credential=form.cleaned_data["credential"]) if form.is_valid() else Shown(ask="", credential={})
    )
