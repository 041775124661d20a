"""Quiet line work behind a licence, of our own: no emblem, seal or note is copied. 纹样"""

from collections.abc import Iterator
from functools import cache
from math import cos, pi, sin, tau

from licences.faces.canvas import points


@cache
def rosette(*, radius: float, petals: int, lines: int = 9, depth: float = 0.34) -> tuple[str, ...]:
    """Closed curves woven into a flower round 0 0, as on a guilloche."""
    return tuple(_rosette(radius, petals, lines, depth))


@cache
def waves(*, width: float, height: float, lines: int = 13, turns: float = 2.4) -> tuple[str, ...]:
    """Threads that run from side to side and cross one another, round the line y = 0."""
    return tuple(_waves(width, height, lines, turns))


@cache
def rays(*, radius: float, inner: float, count: int) -> str:
    """A dial of fine strokes round 0 0."""
    strokes = []
    for number in range(count):
        angle = tau * number / count
        strokes.append(
            f"M{inner * cos(angle):.1f} {inner * sin(angle):.1f}"
            f"L{radius * cos(angle):.1f} {radius * sin(angle):.1f}"
        )
    return "".join(strokes)


@cache
def skyline(*, width: float) -> str:
    """Roofs of a town along the line y = 0."""
    heights = (14, 22, 17, 34, 26, 44, 30, 20, 38, 52, 33, 24, 41, 28, 18, 30, 21, 12)
    step, outline = width / len(heights), ["M0 0"]
    for number, height in enumerate(heights):
        left, right = number * step, (number + 0.86) * step
        if number % 3 == 2:
            outline.append(f"L{left:.1f} {-height:.1f}L{(left + right) / 2:.1f} {-height - 9:.1f}")
        else:
            outline.append(f"L{left:.1f} {-height:.1f}")
        outline.append(f"L{right:.1f} {-height:.1f}L{right:.1f} 0")
    return "".join([*outline, f"L{width:.1f} 0Z"])


@cache
def road(*, width: float, depth: float) -> str:
    """A road towards the horizon, from y = 0 up to -depth, round x = 0."""
    edges = [(0.5, 0.05), (0.3, 0.03), (-0.3, -0.03), (-0.5, -0.05)]
    sides = "".join(f"M{near * width:.1f} 0L{far * width:.1f} {-depth:.1f}" for near, far in edges)
    dashes = ((0.0, 0.22), (0.34, 0.52), (0.62, 0.75), (0.83, 0.91))
    middle = "".join(f"M0 {-a * depth:.1f}L0 {-b * depth:.1f}" for a, b in dashes)
    return sides + middle


def _rosette(radius: float, petals: int, lines: int, depth: float) -> Iterator[str]:
    steps = petals * 16
    for line in range(lines):
        shift = pi * line / lines
        ring = []
        for step in range(steps):
            angle = tau * step / steps
            swing = depth * cos(petals * angle + shift) * cos(2 * angle + shift)
            reach = radius * (1 - depth + swing) * (0.72 + 0.28 * line / lines)
            ring.append((reach * cos(angle), reach * sin(angle)))
        yield points(ring, closed=True)


def _waves(width: float, height: float, lines: int, turns: float) -> Iterator[str]:
    steps = 72
    for line in range(lines):
        share = line / (lines - 1)
        thread = []
        for step in range(steps + 1):
            along = step / steps
            swell = 0.35 + 0.65 * sin(pi * along) ** 2
            swing = sin(tau * turns * along + share * pi) * cos(pi * along * 1.5 + share * 2.1)
            thread.append((width * along, height * (swell * swing * 0.5 + (share - 0.5) * 0.42)))
        yield points(thread)
