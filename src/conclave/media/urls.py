"""Addresses of what the ledger says of the regions' engines."""

from django.urls import path

from conclave.media import pages

urlpatterns = [
    path("staff/nodes", pages.nodes, name="staff_nodes"),
    path("trust/regions/<slug:region>", pages.region_proof, name="region_proof"),
]
