"""The pretended device: it computes, refuses what meets the processor, and counts what is moved."""

from __future__ import annotations

import pytest
import torch

from hybridrep.testing.pretended_device import Elsewhere, pretended_device

EYE = torch.eye(3)


@pytest.mark.parametrize(
    "meet",
    [
        lambda there: there + EYE,
        lambda there: EYE @ there,
        lambda there: there.add_(EYE),
        lambda there: torch.mm(there, there, out=torch.empty(3, 3)),
        lambda there: there.index_select(0, torch.tensor([1])),
        lambda there: torch.cat([there, EYE]),
        lambda there: torch.nn.functional.embedding(torch.tensor([1]), there),
    ],
)
@pytest.mark.parametrize("inference", [True, False])
def test_a_tensor_of_the_processor_is_refused(meet, inference):
    with pretended_device() as device, torch.inference_mode(inference):
        there = EYE.to(device.name)
        with pytest.raises(AssertionError, match="on the device and on the processor"):
            meet(there)


def test_numbers_gradients_and_views_are_those_of_the_processor():
    def computed(device: str) -> list[torch.Tensor]:
        rows = torch.arange(12.0).view(3, 4).to(device).requires_grad_()
        (rows.T @ rows).tanh().sum().backward()
        changed = torch.zeros(4, device=device)
        changed[1:3].add_(2)
        torch.mul(changed, changed, out=changed)
        return [rows.grad, changed, rows.detach().argmax(1)]

    with pretended_device() as device:
        there = computed(device.name)
        assert all(isinstance(each, Elsewhere) and each.device.type == "meta" for each in there)
        back = [each.cpu() for each in there]
    assert all(map(torch.equal, back, computed("cpu")))


def test_what_is_moved_and_read_is_counted():
    with pretended_device() as device:
        there = EYE.to(device.name)
        there.copy_(torch.ones(3, 3))
        torch.empty(3, 3).copy_(there)
        there.sum().item()
        there.tolist()
        assert there[[0, 2]].shape == (2, 3)
    assert device.moved == [9, 9, 2]
    assert device.read == 3


def test_numbers_are_not_to_be_had_without_reading_them():
    with pretended_device() as device:
        there = EYE.to(device.name)
        with pytest.raises(RuntimeError, match="numpy"):
            there.numpy()
    with pytest.raises(AssertionError, match="outside of PretendedDevice"):
        there + there
