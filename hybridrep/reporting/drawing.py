"""The plan of a figure, and from it to its bytes: PNG for print, WebP for the page."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from matplotlib.figure import Figure
from PIL import Image

from hybridrep.reporting.fonts import missing_letters
from hybridrep.reporting.style import encode_png, house_style, to_pixels, to_webp

_MAIN = (1300, 65)
_APPENDIX = (920, 50)
"""Width in pixels and WebP quality on the page, which holds four bottleneck sizes in 8 MB."""


@dataclass(frozen=True)
class Plan:
    """One figure that is to be drawn.

    Attributes:
        name: file name without extension.
        caption: what a reader must know to read it.
        alternative: what it shows, for those who cannot see it, with its main numbers.
        group: part of the report, e.g. "design", "curves", "appendix".
        plain: whether it must keep its colours on a dark page (colour scales).
    """

    name: str
    title: str
    caption: str
    alternative: str
    group: str
    draw: Callable[[], Figure]
    plain: bool = False


@dataclass(frozen=True)
class Drawn:
    """A figure that has been drawn; width and height are the WebP's, in pixels.

    `lacking` are the letters in it that no installed font has.
    """

    plan: Plan
    png: bytes
    webp: bytes
    width: int
    height: int
    lacking: str = ""


def draw_one(plan: Plan) -> Drawn:
    """Draw and pack a figure, wherever this is called: a plan can be sent to another process."""
    with house_style():
        return _pack(plan, *to_pixels(_made(plan)))


def draw(plans: Sequence[Plan]) -> list[Drawn]:
    """Draw figures one after the other, each packed while the next is drawn.

    At most two are held as pixels; packing is done outside Python's lock.
    """
    packed: list[Future[Drawn]] = []
    with house_style(), ThreadPoolExecutor(1) as packer:
        for plan in plans:
            pixels, lacking = to_pixels(_made(plan))
            if packed:
                packed[-1].result()
            packed.append(packer.submit(_pack, plan, pixels, lacking))
        return [each.result() for each in packed]


def _made(plan: Plan) -> Figure:
    """Make a figure; letters that a font lacks are seen to when it is drawn."""
    with missing_letters():
        return plan.draw()


def _pack(plan: Plan, pixels: Image.Image, lacking: str) -> Drawn:
    png = encode_png(pixels)
    width, quality = _APPENDIX if plan.group == "appendix" else _MAIN
    webp = to_webp(png, width, quality)
    with Image.open(io.BytesIO(webp)) as picture:
        return Drawn(plan, png, webp, *picture.size, lacking)
