"""From the plan of a figure to its bytes: PNG for print, WebP for the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from hybridrep.reporting.figures.plan import Plan
from hybridrep.reporting.style import house_style, to_png, to_webp

_MAIN = (1300, 65)
_APPENDIX = (920, 50)
"""Width in pixels and WebP quality on the page, which holds four bottleneck sizes in 8 MB."""


@dataclass(frozen=True)
class Drawn:
    """A figure that has been drawn.

    Attributes:
        plan: what it is.
        png: print quality.
        webp: for the page.
        width: the WebP's pixels.
        height: the WebP's pixels.
    """

    plan: Plan
    png: bytes
    webp: bytes
    width: int
    height: int


def draw(plans: Sequence[Plan]) -> list[Drawn]:
    """Draw figures one after the other; only one is held as pixels at a time."""
    drawn = []
    with house_style():
        for plan in plans:
            png = to_png(plan.draw())
            width, quality = _APPENDIX if plan.group == "appendix" else _MAIN
            webp = to_webp(png, width, quality)
            with Image.open(io.BytesIO(webp)) as picture:
                width, height = picture.size
            drawn.append(Drawn(plan, png, webp, width, height))
    return drawn
