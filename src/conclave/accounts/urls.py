"""Addresses of the account pages; what allauth has beside them, such as sign-up and e-mail of its own kind, has no address here."""

from allauth.account import views
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.db import transaction
from django.urls import path

from conclave.accounts import console, domain_pages, pages, school_pages, sso_pages, staff_pages, token_pages

# What asks another server, or makes a session for a visitor, is counted.
counted = pages.limited(sso_pages.TRIP_RATE)
counted_back = pages.limited(sso_pages.TRIP_RATE, looking=True)

urlpatterns = [
    path("owner", pages.owner, name="owner"),
    path("account", pages.account, name="account"),
    # allauth goes back to these two when something was changed.
    path("account", pages.account, name="mfa_index"),
    path("account", pages.account, name="mfa_list_webauthn"),
    path("account/keyring", pages.keyring, name="keyring"),
    path("account/address/", pages.address, name="account_address"),
    path("account/address/<str:token>", pages.address_confirm, name="account_address_confirm"),
    path("account/devices/end", pages.end_devices, name="account_end_devices"),
    path("account/devices/<int:device>/end", pages.end_one_device, name="account_end_device"),
    path("account/sign-up/", pages.sign_up, name="account_sign_up"),
    path("account/sign-up/<str:token>", pages.sign_up_finish, name="account_sign_up_finish"),
    path("account/login/", views.LoginView.as_view(extra_context={"sign_up": lambda: settings.CONCLAVE.sign_up}), name="account_login"),
    path("account/logout/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("account/reauthenticate/code/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/reauthenticate/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/password/change/", views.password_change, name="account_change_password"),
    path("account/password/set/", pages.shown_again(views.password_set), name="account_set_password"),
    path("account/sso/", counted(sso_pages.start), name="sso_start"),
    path("account/sso/link", sso_pages.link, name="sso_link"),
    path("account/sso/<slug:organisation>/back", counted_back(sso_pages.back), name="sso_back"),
    path("account/sso/<slug:organisation>/saml", counted(sso_pages.posted), name="sso_posted"),
    path("account/identities/<slug:identity>/remove", sso_pages.untie, name="account_untie"),
    path("organisations", console.mine, name="organisations"),
    path("organisations/new", console.new, name="organisation_new"),
    path("organisations/join", console.join, name="organisation_join"),
    path("organisations/<slug:organisation>", console.overview, name="organisation"),
    path("organisations/<slug:organisation>/people", console.people, name="organisation_people"),
    path("organisations/<slug:organisation>/people/<slug:membership>", console.person, name="organisation_person"),
    path("organisations/<slug:organisation>/invitations", console.invite, name="organisation_invitations"),
    path("organisations/<slug:organisation>/invitations/<slug:invitation>", console.revoke, name="organisation_revoke"),
    path("organisations/<slug:organisation>/journal", console.journal, name="organisation_journal"),
    path("organisations/<slug:organisation>/journal/file", console.take_journal, name="organisation_journal_file"),
    path("organisations/<slug:organisation>/domains", domain_pages.domains, name="organisation_domains"),
    path("organisations/<slug:organisation>/domains/<slug:claim>", domain_pages.domain, name="organisation_domain"),
    path("organisations/<slug:organisation>/directory", domain_pages.directory, name="organisation_directory"),
    path("organisations/<slug:organisation>/school", school_pages.school, name="organisation_school"),
    path("organisations/<slug:organisation>/school/roster", school_pages.roster, name="organisation_roster"),
    path("organisations/<slug:organisation>/sign-in", sso_pages.set_up, name="organisation_sign_in"),
    path("organisations/<slug:organisation>/welcome", sso_pages.welcome, name="organisation_welcome"),
    path("organisations/<slug:organisation>/settings", console.settings, name="organisation_settings"),
    path("organisations/<slug:organisation>/tokens", token_pages.tokens, name="organisation_tokens"),
    path("organisations/<slug:organisation>/tokens/new", token_pages.token, name="organisation_token"),
    path("organisations/<slug:organisation>/tokens/<slug:token>/end", token_pages.token_end, name="organisation_token_end"),
    path("account/tokens", token_pages.own_tokens, name="own_tokens"),
    path("account/tokens/new", token_pages.own_token, name="own_token"),
    path("account/tokens/<slug:token>/end", token_pages.own_token_end, name="own_token_end"),
    path("staff", staff_pages.staff, name="staff"),
    path("staff/countries", staff_pages.countries, name="staff_countries"),
    path("staff/schools", school_pages.desk, name="staff_schools"),
    path("staff/schools/<slug:school>", school_pages.review, name="staff_school"),
    path("staff/people/<slug:member>", staff_pages.person, name="staff_person"),
    path("account/login/second/", factors.authenticate, name="mfa_authenticate"),
    # Asking to sign in makes a session for a visitor without an account, so it is counted too.
    path("account/login/passkey/", pages.limited(pages.PASSKEY_RATE, looking=True)(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("account/passkeys/add/", transaction.atomic(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/name/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", transaction.atomic(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("account/app/add/", transaction.atomic(app.activate_totp), name="mfa_activate_totp"),
    path("account/app/remove/", transaction.atomic(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new/", transaction.atomic(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
]
