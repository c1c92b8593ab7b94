"""Every address of the gateway: one line per domain."""

from django.urls import include, path

urlpatterns = [
    path("", include("conclave.site.urls")),
    path("", include("conclave.accounts.urls")),
    path("", include("conclave.authorities.urls")),
    path("", include("conclave.meetings.urls")),
    path("", include("conclave.media.urls")),
    path("", include("conclave.transparency.urls")),
]

handler400 = "conclave.site.pages.bad_request"
handler403 = "conclave.site.pages.forbidden"
handler404 = "conclave.site.pages.not_found"
handler429 = "conclave.site.pages.too_often"
handler500 = "conclave.site.pages.server_error"
