"""The tensors of a torch network, as a checkpoint holds them: floats in half precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from generator.families.tensor_forms import TensorForm, Tensors

Network = TypeVar("Network", bound=nn.Module)


def network_forms(make: Callable[[], nn.Module]) -> dict[str, TensorForm]:
    """Type and shape of every tensor of the network that `make` builds; none is allocated."""
    with ShapesAlone():
        state = make().state_dict()
    return {
        name: (_stored_type(value), tuple(int(size) for size in value.shape))
        for name, value in state.items()
    }


def loaded(network: Network, tensors: Tensors) -> Network:
    """The network with the weights of a checkpoint, ready to write."""
    network.load_state_dict({name: torch.from_numpy(each) for name, each in tensors.items()})
    return network.eval()


def network_tensors(network: nn.Module) -> Tensors:
    """The weights of a network, for a checkpoint."""
    return {
        name: np.ascontiguousarray(value.cpu().numpy(), _stored_type(value))
        for name, value in network.state_dict().items()
    }


def check_size(name: str, size: object, most: int, least: int = 1) -> None:
    """Check a number of a config.

    Raises
    ------
    ValueError
        If it is not a whole number from `least` to `most`.
    """
    if type(size) is not int or not least <= size <= most:
        raise ValueError(f"{name} {size!r}; use a whole number from {least} to {most}")


def _stored_type(value: torch.Tensor) -> str:
    if value.is_floating_point():
        return "float16"
    return np.dtype(str(value.dtype).removeprefix("torch.")).name


class ShapesAlone(TorchFunctionMode):
    """Weights without memory, however large. `torch.device` would load a compiler to draw them."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init":
            return None
        kwargs = kwargs or {}
        return func(*args, **({**kwargs, "device": "meta"} if func is torch.empty else kwargs))
