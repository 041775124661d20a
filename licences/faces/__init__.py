"""Licence faces 证照面: a licence as a picture. Drawing is pure: it knows no table and no secret.

Letters are drawn as outlines, so that no text of anybody's ever stands in the SVG, no font of the
machine is needed, and a character that the fonts lack is known before anything is drawn.
"""
