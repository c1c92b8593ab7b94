"""Restrictions and the pure admission rule."""
