"""Addresses of the account pages; allauth's other pages need mail or open sign-up and have no address here."""

from allauth.account import views
from django.urls import path

from conclave.accounts import console, domain_pages, pages

urlpatterns = [
    path("owner", pages.owner, name="owner"),
    path("account/login/", views.login, name="account_login"),
    path("account/logout/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", views.password_change, name="account_change_password"),
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
    path("organisations/<slug:organisation>/settings", console.settings, name="organisation_settings"),
]
