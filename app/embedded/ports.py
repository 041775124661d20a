import socket


def free_port(preferred: int = 0) -> int:
    """A loopback port that nobody listens on: the preferred one, or the next free above it."""
    for port in range(preferred, preferred + 100) if preferred else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"端口 {preferred} 起的一百个端口都被占用")
