"""Whether an addition is a plain LoRA: asked when it is added and again when it is used, so that both say the same.

A tensor that nobody asks for is a change that is silently left out. So every key must be known: a file with any other
is not used at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from foveate_server.models.recognition.lora_keys import BUNDLED, LoraPart, parts_of
from foveate_server.models.tensor_headers import Header

_PLAIN = "Look for a plain LoRA of the same."
_WHOLE = "Fetch it again, or ask its maker."
_DAMAGED = "a damaged LoRA"
_OTHERS: Mapping[tuple[str, ...], str] = {  # what keys hold, all of which occur -> what it is; the first wins
    (r"^id_encoder\.", r"lora"): "a PhotoMaker, of which the LoRA is but a part",
    (r"^(ip_adapter|image_proj)\.", r"lora"): "an IP-Adapter, of which the LoRA is but a part",
    (r"\.dora_scale$|\.lora_magnitude_vector(\.|$)",): "a LoRA of the DoRA kind",
    (r"\.hada_[wt][12]",): "a LyCORIS addition of the LoHa kind",
    (r"\.lokr_[wt][12]",): "a LyCORIS addition of the LoKr kind",
    (r"\.boft_[RS]",): "an addition of the BOFT kind",
    (r"\.oft_(blocks|diag|[rR])(\.|$)",): "an addition of the OFT kind",
    (r"\.ia3_l(\.|$)|\.on_input$",): "an addition of the IA3 kind",
    (r"\.vera_lambda_[bd]",): "an addition of the VeRA kind",
    (r"\.(diff|diff_b|set_weight)$|\.modules_to_save\.",): "an addition of whole weights (the full kind)",
    (r"\.[wb]_norm$",): "an addition that changes normalisation layers (LyCORIS)",
    (r"\.a1\.weight$", r"\.a2\.weight$", r"\.b1\.weight$", r"\.b2\.weight$"): "a LyCORIS addition of the GLoRA kind",
    (r"\.query_norm\.scale$", r"\.lora_A\."): "a control LoRA for FLUX.1, which follows depth or edges",
    (r"\.lora_B(\.[\w-]+)?\.bias$",): "a LoRA with biases",
}


def other_kind(header: Header) -> str:
    """Return what the addition with these keys is if not a plain LoRA; empty for one, and for what is no addition."""
    text = "\n".join(header.tensors)
    for patterns, what in _OTHERS.items():
        if all(re.search(pattern, text, re.MULTILINE) for pattern in patterns):
            return what
    parts = parts_of(header.tensors)
    if not any(part.role == "down" for part in parts):
        return ""
    known = set(parts.values())
    strange = next((key for key in header.tensors if key not in known and not key.startswith(BUNDLED)), None)
    if strange is not None:
        return f"a LoRA with parts of an unknown kind ({strange})"
    broken = next((part.layer for part in parts if not _is_whole(part.layer, parts, header)), None)
    return "" if broken is None else f"{_DAMAGED}, whose layer {broken} is not whole"


def remedy_for(kind: str) -> str:
    """Return what to do about what :func:`other_kind` found."""
    return _WHOLE if kind.startswith(_DAMAGED) else _PLAIN


def _is_whole(layer: str, parts: Mapping[LoraPart, str], header: Header) -> bool:
    """Tell whether a layer has both of its matrices, and all that it has goes together."""
    down, up, mid = (header.shape(parts.get(LoraPart(layer, role), "")) for role in ("down", "up", "mid"))
    alpha = parts.get(LoraPart(layer, "alpha"))
    if alpha is not None and header.tensors[alpha].elements != 1:
        return False
    if len(down) not in (2, 4) or len(up) not in (2, 4) or 0 in (*down, *up, *mid):
        return False
    return mid[:2] == (up[1], down[0]) and len(mid) == 4 if mid else up[1] == down[0]
