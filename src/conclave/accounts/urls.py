"""Addresses of the account pages; allauth's other pages need mail or open sign-up and have no address here."""

from allauth.account import views
from django.urls import path

from conclave.accounts import pages

urlpatterns = [
    path("owner", pages.owner, name="owner"),
    path("account/login/", views.login, name="account_login"),
    path("account/logout/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", views.password_change, name="account_change_password"),
]
