"""Wire formats that more than one package speaks: signatures and envelopes, no meaning. 报文

What a message means is for the package that sends it. Nothing here touches a table.
"""

import logging

for _name in ("httpx", "httpcore"):  # they log whole addresses, and some carry a secret
    logging.getLogger(_name).setLevel(logging.WARNING)


class NoAnswer(Exception):
    """The other side did not answer, or with something that is not provably its own.

    Whether it did what was asked is unknown. The message names the cause and carries no data.
    """
