"""Small Stable Diffusion, by keys and shapes: the U-Net of 1.x, with one layer in each block that goes down."""

from __future__ import annotations

from foveate_server.models.recognition.denoising_network import RecognizedNetwork
from foveate_server.models.tensor_headers import Header

_CONTEXT = 768  # width of the text that its attention sees


def network_of(header: Header) -> RecognizedNetwork | None:
    """Return what the network is, or None where it is another."""
    entrance = header.shape("conv_in.weight")
    contexts = list(header.shapes_ending("attn2.to_k.weight"))
    if len(entrance) != 4 or not contexts or contexts[0][1] != _CONTEXT or not header.has("down_blocks.0.resnets.0."):
        return None
    if header.has("down_blocks.0.resnets.1."):
        return None
    return RecognizedNetwork("smallsd", "Small Stable Diffusion", entrance[1], 4, _CONTEXT, 0)
