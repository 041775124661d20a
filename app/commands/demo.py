import argparse

from app.demo.play import play


def run(given: argparse.Namespace) -> int:
    """Walk all the journeys; 0 when every step agrees with the books outside."""
    return play(given.folder.resolve())
