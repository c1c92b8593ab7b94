"""Addresses of the pages of orders."""

from django.urls import path

from conclave.authorities import desk_pages, glass_pages, pages

urlpatterns = [
    path("authorities", pages.portal, name="authorities"),
    path("authorities/<slug:receipt>", pages.receipt, name="order_status"),
    path("notice/<slug:notice>", pages.notice, name="order_notice"),
    path("notice/told/<slug:notice>", pages.given, name="disclosure_notice"),
    path("staff/orders", desk_pages.desk, name="staff_orders"),
    path("staff/orders/<slug:order>", desk_pages.order, name="staff_order"),
    path("staff/glass", glass_pages.glasses, name="staff_glasses"),
    path("staff/glass/<slug:glass>", glass_pages.glass, name="staff_glass"),
]
