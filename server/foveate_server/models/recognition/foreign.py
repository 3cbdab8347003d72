"""What there is beside our families: told by keys that nothing else has, so that a refusal can say what it is."""

from __future__ import annotations

from foveate_server.models.recognition.recognized import refusal
from foveate_server.models.tensor_headers import Header

Signs = tuple[tuple[tuple[str, ...], str], ...]  # parts of keys, all of which occur -> what it is; the first wins

_SIGNS: Signs = (  # of what has nothing in common with ours, or is built upon ours
    (("time_stack.",), "a video model (Stable Video Diffusion)"),
    (("temporal_transformer_blocks.",), "a video model (Stable Video Diffusion)"),
    (("motion_modules.",), "a motion module or model for videos (AnimateDiff)"),
    (("control_model.",), "a ControlNet"),
    (("controlnet_cond_embedding.",), "a ControlNet"),
    (("controlnet_blocks.",), "a ControlNet"),
    (("controlnet_down_blocks.",), "a ControlNet"),
    (("input_hint_block.",), "a ControlNet"),
    (("ip_adapter.", "to_k_ip."), "an IP-Adapter"),
    (("effnet_mapper.",), "a Stable Cascade checkpoint"),
    (("clip_txt_mapper.",), "a Stable Cascade checkpoint"),
    (("clip_txt_pooled_mapper.",), "a Stable Cascade checkpoint"),
    (("double_stream_modulation_img.",), "a FLUX.2 checkpoint"),
    (("distilled_guidance_layer.",), "a Chroma checkpoint"),
    (("individual_token_refiner.",), "a video model (HunyuanVideo)"),
    (("context_embedder.token_refiner.",), "a video model (HunyuanVideo)"),
    (("patchify_proj.",), "a video model (LTX-Video)"),
    (("last_scale_shift_table",), "a video model (LTX-Video)"),
    (("attn.qkv_x.",), "a video model (Mochi)"),
    (("pos_frequencies", "transformer_blocks."), "a video model (Mochi)"),
    (("patch_embed.text_proj.",), "a CogVideoX or CogView checkpoint"),
    (("condition_embedder.time_proj.",), "a video model (Wan)"),
    (("time_projection.", "cross_attn.norm_k."), "a video model (Wan)"),
    (("learnable_pos_embed.pos_emb_t",), "a video model (Cosmos)"),
    (("double_layers.", "cond_seq_linear."), "an AuraFlow checkpoint"),
    (("joint_transformer_blocks.",), "an AuraFlow checkpoint"),
    (("double_stream_blocks.",), "a HiDream checkpoint"),
    (("noise_refiner.", "context_refiner."), "a Lumina or Z-Image checkpoint"),
    (("txt_norm.", "img_mod."), "a Qwen-Image checkpoint"),
    (("txt_norm.", "transformer_blocks.", "img_in."), "a Qwen-Image checkpoint"),
    (("add_time_condition.",), "a Kandinsky checkpoint"),
    (("conv_inverted.", "caption_projection."), "a Sana checkpoint"),
    (("time_embed.emb.timestep_embedder.", "caption_projection."), "a video model (LTX-Video)"),
    (("adaln_single.", "transformer_blocks."), "a checkpoint of PixArt, or one built like it"),
    (("y_embedder.y_proj.", "t_block."), "a checkpoint of PixArt, or one built like it"),
    (("text_embedding_padding", "text_embedder."), "a Hunyuan-DiT checkpoint"),
    (("mlp_t5.", "text_embedding_padding"), "a Hunyuan-DiT checkpoint"),
    (("edm_mean",), "a Playground checkpoint, whose noise is of a kind of its own"),
)
_PARTS: Signs = (  # of what our checkpoints contain, alone
    (("quantize.embedding.", "decoder.up.3.attn."), "an autoencoder with a codebook (VQ)"),
    (("vision_model.encoder.layers.",), "an image encoder (CLIP vision)"),
    (("text_model.encoder.layers.",), "a text encoder alone (CLIP)"),
    (("encoder.block.0.layer.0.SelfAttention.",), "a text encoder alone (T5)"),
    (("transformer.resblocks.", "token_embedding."), "a text encoder alone (OpenCLIP)"),
    (("model.embed_tokens.", "self_attn."), "a language model"),
    (("joint_blocks.",), "a part of a Stable Diffusion 3 checkpoint"),
    (("double_blocks.",), "a checkpoint built like FLUX, but not FLUX.1"),
    (("model.diffusion_model.",), "a diffusion checkpoint of an unknown family"),
)


def refuse_foreign(header: Header) -> None:
    """Raise InputError where the keys are those of something known that is not for us."""
    _refuse(header, _SIGNS)


def refuse_parts(header: Header) -> None:
    """Raise InputError where the keys are those of a part of a checkpoint; only for what none of ours was found in."""
    _refuse(header, _PARTS)


def _refuse(header: Header, signs: Signs) -> None:
    for parts, what in signs:
        if all(header.has_part(part) for part in parts):
            raise refusal(what)
