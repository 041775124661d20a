"""`make bench`: what the product does in a second, beside bare handlers on the same server. 性能

Every figure is good only beside the others of its own run: machines differ, and so do the hours of
one machine. Sits above `app`; nothing imports it.
"""
