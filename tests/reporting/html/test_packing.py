"""Data inside a page: packed alike every time, and the policy that lets nothing else in."""

import base64

import numpy as np

from hybridrep.reporting.html.packing import lower_triangle_text, packed, security_policy
from hybridrep.reporting.html.page import tied


def test_packing_is_the_same_every_time():
    assert packed("x" * 1000) == packed("x" * 1000)
    matrix = np.array([[1.0, -0.25], [-0.25, 1.0]])
    assert base64.b64decode(lower_triangle_text(matrix)) == bytes(
        [1000 % 256, -250 % 256, 1000 % 256, 3, 255, 3]
    )


def test_policy_and_ties():
    assert security_policy(["a"]).count("sha256-") == 1
    assert tied("r = 0.5 and p < 0.05") == "r\u00a0=\u00a00.5 and p\u00a0<\u00a00.05"
