"""A first look without an account: an AWS inside the process, mail going through it, and the very daemon on top.

mail (what is sent) -> cloud (an embedded AWS that holds it) -> daemon, unchanged -> excerpt (what to look at)
Needs the extra `demo`, which brings moto.
"""
