"""Valid frames, at least one of each type. A name that ends in `*` is one that is not in canonical form."""

from __future__ import annotations

from typing import Any

JOB = "123e4567-e89b-12d3-a456-426614174000"
HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc"
GRAY = {"dtype": "u8", "channels": "Y", "alpha": "straight", "rows": "top_down"}
RGBA_FLOAT = {"dtype": "f32", "channels": "RGBA", "alpha": "premultiplied", "rows": "bottom_up"}
BGRA_16 = {"dtype": "u16", "channels": "BGRA", "alpha": "straight", "rows": "top_down"}
LIMITS = {
    "max_message_bytes": 1048576,
    "max_chunk_bytes": 1048576,
    "max_blob_bytes": 1073741824,
    "max_document_pixels": 17179869184,
    "max_open_jobs": 64,
}
OUTCOME = {"item": "face-1", "status": "kept", "message": "Sharp enough already.", "data": {"face": 1, "score": 0.5}}
ERROR = {"code": "out_of_memory", "message": "The GPU is full.", "remedy": "Close other programs.", "fault": "machine"}

Frame = dict[str, Any]

KEYED_ERROR = {  # a sentence within a sentence, and a value of which nothing may be taken for a place
    "code": "unknown_model",
    "message": "The model My. {name} is gone.",
    "remedy": "Did you mean x? There are 2 models.",
    "fault": "user",
    "keys": {
        "message": {"key": "The model {name} is gone.", "values": {"name": "My. {name}"}},
        "remedy": {
            "key": "Did you mean {name}? {known}",
            "values": {
                "name": "x",
                "known": {"text": "There are 2 models.", "key": "There are {count} models.", "values": {"count": 2}},
            },
        },
    },
}


def blob(size: int, number: int = 1) -> Frame:
    return {"id": number, "size": size, "sha256": HASH}


def pixels(width: int, height: int, layout: Frame, pixel_size: int, number: int = 1) -> Frame:
    return {"extent": [width, height], "format": layout, "blob": blob(width * height * pixel_size, number)}


def document(profile: Frame, layout: Frame = GRAY) -> Frame:
    return {"extent": [640, 480], "format": layout, "profile": profile}


def event(kind: str, seq: int, /, **fields: Any) -> Frame:
    return {"type": kind, "job": JOB, "seq": seq, **fields}


SRGB = {"space": "srgb", "icc": None}


def picture(name: str, width: int, height: int, profile: Frame, layout: Frame = GRAY, **fields: Any) -> Frame:
    return {
        "name": name,
        "extent": [width, height],
        "format": layout,
        "profile": profile,
        "sha256": HASH,
        "has_coverage": False,
        **fields,
    }


TO_SERVER: dict[str, Frame] = {
    "hello": {
        "type": "hello",
        "versions": [1, 2],
        "client": {"name": "krita-plugin", "version": "0.1.0"},
        "client_id": "8f14e45f",
        "features": [],
        "receive_window": 8388608,
    },
    "hello of a newer client": {
        "type": "hello",
        "versions": [1, 2, 3],
        "client": {"name": "gimp-plugin", "version": "9.0"},
        "client_id": "Büro 3",
        "features": ["shared_memory"],
        "receive_window": 1,
    },
    "hello with defaults and an unknown field*": {
        "type": "hello",
        "versions": [1],
        "client": {"name": "x", "version": "1", "platform": "linux"},
        "client_id": "a",
        "compression": True,
    },
    "submit": {
        "type": "submit",
        "job": JOB,
        "operation": "refocus",
        "document": document(SRGB),
        "selection": {"bounds": [10, 20, 300, 200], "has_coverage": True},
        "parameters": {"strength": 0.8, "pinned": {"dtype": "float32", "tile": None}},
        "priority": -1,
    },
    "submit of a replay": {
        "type": "submit",
        "job": JOB,
        "operation": "compare",
        "document": document(SRGB),
        "selection": None,
        "parameters": {
            "variants": [{"label": "one", "model": "photoreal", "pinned": {"threads": 2}}],
            "pinned": {"models": {"photoreal": HASH}},
        },
        "priority": 0,
    },
    "submit with a profile": {
        "type": "submit",
        "job": JOB,
        "operation": "upscale",
        "document": document({"space": None, "icc": blob(3)}, RGBA_FLOAT),
        "selection": None,
        "parameters": {},
        "priority": 0,
    },
    "submit with defaults*": {
        "type": "submit",
        "job": JOB,
        "operation": "detect",
        "document": {
            "extent": [1, 1],
            "format": {"dtype": "f16", "channels": "ABGR"},
            "profile": {"space": "display-p3-linear"},
        },
        "selection": {"bounds": [0, 0, 1, 1]},
    },
    "submit with pictures": {
        "type": "submit",
        "job": JOB,
        "operation": "fill",
        "document": document({"space": None, "icc": blob(3)}, RGBA_FLOAT),
        "selection": None,
        "parameters": {},
        "priority": 0,
        "pictures": [
            picture("control", 640, 480, SRGB),
            picture("reference-1", 20, 30, {"space": None, "icc": blob(5, 2)}, BGRA_16),
            picture("mask-2", 640, 480, SRGB, has_coverage=True),
        ],
    },
    "submit without a document": {
        "type": "submit",
        "job": JOB,
        "operation": "make",
        "document": None,
        "selection": None,
        "parameters": {"prompt": "a lighthouse"},
        "priority": 0,
    },
    "submit with an empty picture, which is for the server to refuse": {
        "type": "submit",
        "job": JOB,
        "operation": "fill",
        "document": document(SRGB),
        "selection": None,
        "parameters": {},
        "priority": 0,
        "pictures": [picture("control", 0, 0, SRGB)],
    },
    "submit that says what version 1 left open*": {
        "type": "submit",
        "job": JOB,
        "operation": "refocus",
        "document": document(SRGB),
        "selection": None,
        "parameters": {},
        "priority": 0,
        "pictures": [],
    },
    "submit of an empty region, which is for the server to refuse": {
        "type": "submit",
        "job": JOB,
        "operation": "refocus",
        "document": document(SRGB),
        "selection": {"bounds": [-5, 9999, 0, 0], "has_coverage": False},
        "parameters": {},
        "priority": 0,
    },
    "window": {"type": "window", "job": JOB, "window": "face-1", "pixels": pixels(3, 2, BGRA_16, 8), "coverage": None},
    "window with coverage": {
        "type": "window",
        "job": JOB,
        "window": "0",
        "pixels": pixels(3, 1, GRAY, 1),
        "coverage": pixels(3, 1, {**GRAY, "dtype": "f32"}, 4, 2),
    },
    "window without null*": {"type": "window", "job": JOB, "window": "0", "pixels": pixels(3, 1, GRAY, 1)},
    "cancel": {"type": "cancel", "job": JOB},
    "cancel in another order*": {"job": JOB, "type": "cancel"},
    "resume": {"type": "resume", "job": JOB, "since": 41},
    "resume, and try again what failed": {"type": "resume", "job": JOB, "since": 41, "retry": True},
    "resume from the start*": {"type": "resume", "job": JOB},
    "ack": {"type": "ack", "job": JOB},
    "list_jobs": {"type": "list_jobs", "request": 1},
    "list_models": {"type": "list_models", "request": 9007199254740992},
    "credit to the server": {"type": "credit", "bytes": 2097152},
}

TO_CLIENT: dict[str, Frame] = {
    "welcome": {
        "type": "welcome",
        "version": 2,
        "server": {"name": "foveate", "version": "0.1.0"},
        "features": [],
        "limits": LIMITS,
        "operations": [
            {
                "name": "refocus",
                "title": "Refocus",
                "parameters": {"type": "object", "properties": {"strength": {"type": "number", "default": 1}}},
            }
        ],
        "receive_window": 8388608,
    },
    "welcome with operations of version 2": {
        "type": "welcome",
        "version": 2,
        "server": {"name": "foveate", "version": "0.2.0"},
        "features": [],
        "limits": LIMITS,
        "operations": [
            {
                "name": "match",
                "title": "Match",
                "parameters": {
                    "type": "object",
                    "properties": {},
                    "x-pictures": {
                        "control": {"title": "Control picture", "min": 1, "max": 1, "extent": "document"},
                        "reference": {"title": "Reference pictures", "min": 0, "max": 4},
                    },
                },
            },
            {
                "name": "chart",
                "title": "Chart",
                "parameters": {"type": "object", "properties": {}, "x-document": False, "x-result": "files"},
            },
        ],
        "receive_window": 8388608,
    },
    "welcome of a newer server*": {
        "type": "welcome",
        "version": 1,
        "server": {"name": "foveate", "version": "3.0", "build": "x"},
        "features": ["previews"],
        "limits": {"max_blob_bytes": 1, "max_more": 2},
        "operations": [],
    },
    "error": {"type": "error", "error": ERROR, "fatal": False, "job": JOB, "request": 3},
    "fatal error": {
        "type": "error",
        "error": {"code": "version_mismatch", "message": "Too old.", "remedy": "Update.", "fault": "user"},
        "fatal": True,
        "job": None,
        "request": None,
    },
    "error with keys": {"type": "error", "error": KEYED_ERROR, "fatal": False, "job": None, "request": None},
    "error with a key without values*": {
        "type": "error",
        "error": {**ERROR, "keys": {"message": {"key": "The GPU is full.", "values": {}}, "poem": 1}},
    },
    "error with a code from the future*": {"type": "error", "error": {**ERROR, "code": "meteorite"}},
    "jobs": {
        "type": "jobs",
        "request": 1,
        "jobs": [
            {"job": JOB, "operation": "faces", "state": "queued", "position": 2, "created": 1795500000.25, "seq": 7},
            {"job": JOB, "operation": "faces", "state": "done", "position": None, "created": 0.0, "seq": 0},
        ],
    },
    "jobs with pictures": {
        "type": "jobs",
        "request": 1,
        "jobs": [
            {
                "job": JOB,
                "operation": "mix",
                "state": "waiting",
                "position": None,
                "created": 0.0,
                "seq": 3,
                "pictures": [{"name": "control", "sha256": "0" * 64}],
            },
        ],
    },
    "models": {
        "type": "models",
        "request": 2,
        "models": [
            {
                "name": "x4plus",
                "title": "Real-ESRGAN x4+",
                "operations": ["refocus", "upscale"],
                "scale": 4,
                "available": True,
                "license": "BSD-3-Clause",
                "kind": "restore",
                "family": "",
                "fits": [],
                "defaults": {},
            },
            {
                "name": "photoreal",
                "title": "Photoreal (SDXL)",
                "operations": ["refocus", "fill"],
                "scale": 1,
                "available": False,
                "license": "",
                "kind": "diffusion",
                "family": "sdxl",
                "fits": [],
                "defaults": {"num_inference_steps": 30, "guidance_scale": 7.0, "schedulers": ["ddim"], "strength": 0.5},
            },
            {
                "name": "film-look",
                "title": "Film look",
                "operations": [],
                "scale": 1,
                "available": True,
                "license": "",
                "kind": "lora",
                "family": "sdxl",
                "fits": ["sdxl"],
                "defaults": {"trigger_words": ["film"], "weight": 0.8},
            },
        ],
    },
    "models of an older server*": {
        "type": "models",
        "request": 2,
        "models": [{"name": "x4plus", "title": "x4", "operations": ["refocus"], "scale": 4, "available": True}],
    },
    "models of a newer server*": {
        "type": "models",
        "request": 2,
        "models": [
            {
                "name": "v",
                "title": "V",
                "operations": [],
                "scale": 1,
                "available": True,
                "kind": "video",
                "frames": 24,
            }
        ],
    },
    "credit to the client": {"type": "credit", "bytes": 1},
    "accepted": event("accepted", 1),
    "plan": event("plan", 2, frame="document", extent=[640, 480], summary="1 window, 2 tiles"),
    "plan with a key": event(
        "plan",
        2,
        frame="document",
        extent=[640, 480],
        summary="Bring 64 x 48 pixels into focus at strength 0.5.",
        keys={
            "summary": {
                "key": "Bring {size} pixels into focus at strength {strength}.",
                "values": {"size": "64 x 48", "strength": "0.5"},
            }
        },
    ),
    "plan of a new image": event("plan", 2, frame="new", extent=[2560, 1920], summary=""),
    "plan of a report": event("plan", 2, frame="document", extent=[640, 480], summary="Measured.", kind="report"),
    "plan that says what version 1 left open*": event(
        "plan", 2, frame="document", extent=[640, 480], summary="", kind="pixels"
    ),
    "plan that says how long it takes": event(
        "plan", 2, frame="document", extent=[640, 480], summary="Measured.", seconds=90.5, is_measured=True
    ),
    "plan that guesses how long it takes": event(
        "plan", 2, frame="document", extent=[640, 480], summary="", seconds=90.5
    ),
    "plan of a kind from the future": event("plan", 2, frame="new", extent=[1, 1], summary="", kind="film"),
    "windows of pictures": event(
        "windows",
        3,
        requests=[
            {"id": "w1", "bounds": [0, 0, 8, 8], "extent": [8, 8], "coverage": False},
            {"id": "w2", "bounds": [0, 0, 9, 9], "extent": [3, 3], "coverage": True, "source": "mask-2"},
        ],
    ),
    "windows": event(
        "windows",
        3,
        requests=[
            {"id": "w1", "bounds": [-3, 5, 100, 50], "extent": [50, 25], "coverage": True},
            {"id": "Gesicht 2", "bounds": [0, 0, 1, 1], "extent": [1, 1], "coverage": False},
        ],
    ),
    "no windows": event("windows", 4, requests=[]),
    "queued": event("queued", 5, position=1),
    "queued for a reason": event("queued", 5, position=1, reason="Waiting for another job: Loading dream"),
    "started": event("started", 6, item="face-1"),
    "progress": event("progress", 7, stage="restoring", fraction=0.5, step=3, steps=6, seconds_left=1.5),
    "progress with a key": event(
        "progress",
        7,
        stage="Restoring part 2 of 3",
        fraction=0.5,
        step=0,
        steps=0,
        seconds_left=None,
        keys={"stage": {"key": "Restoring part {number} of {count}", "values": {"number": 2, "count": 3}}},
    ),
    "progress, whole numbers where fractions may be*": event("progress", 7, stage="x", fraction=1, seconds_left=2),
    "note with a key": event(
        "note",
        8,
        text="1 tile was made smaller.",
        keys={"text": {"key": "{count} tiles were made smaller.", "values": {"count": 1}}},
    ),
    "note": event("note", 8, text="Die Kachel war zu groß → kleiner. 🙂"),
    "preview": event("preview", 9, bounds=[0, 0, 640, 480], pixels=pixels(2, 2, GRAY, 1)),
    "patch": event(
        "patch", 10, item="face-1", bounds=[7, 8, 3, 1], pixels=pixels(3, 1, GRAY, 1), coverage=pixels(3, 1, GRAY, 1, 2)
    ),
    "patch without coverage": event(
        "patch", 11, item="strip-2", bounds=[0, 0, 2, 2], pixels=pixels(2, 2, RGBA_FLOAT, 16, 3), coverage=None
    ),
    "selection": event("selection", 11, item="person-1", bounds=[7, 8, 3, 1], coverage=pixels(3, 1, GRAY, 1)),
    "report": event(
        "report", 11, item="measure", data={"sharpness": 0.25, "faces": []}, drawing=pixels(2, 1, BGRA_16, 8)
    ),
    "report without a drawing": event("report", 11, item="measure", data={}, drawing=None),
    "report without null*": event("report", 11, item="measure", data={}),
    "file": event("file", 11, item="chart", name="Tiefe 1.csv", media_type="text/csv", content=blob(3)),
    "an empty file": event("file", 11, item="chart", name="empty", media_type="text/plain", content=blob(0)),
    "item": event("item", 12, outcome=OUTCOME),
    "item with a key": event(
        "item",
        12,
        outcome={
            **OUTCOME,
            "message": "2 faces were found.",
            "keys": {"message": {"key": "{count} faces were found.", "values": {"count": 2}}},
        },
    ),
    "done": event("done", 13, outcomes=[OUTCOME], recipe={"foveate": "0.1.0", "model": {"name": "x", "sha256": HASH}}),
    "done, of an upscale with a checkpoint": event(
        "done",
        13,
        outcomes=[OUTCOME],
        recipe={
            "parameters": {"restorer": "x4plus", "pinned": {"dtype": "float16", "restorer": {"dtype": "float32"}}},
            "model": {"name": "photoreal", "sha256": HASH},
            "restorer": {"name": "x4plus", "sha256": HASH},
        },
    ),
    "done, of a comparison": event(
        "done",
        13,
        outcomes=[OUTCOME],
        recipe={
            "parameters": {"variants": [{"label": "one", "model": "photoreal", "pinned": {"dtype": "float16"}}]},
            "variants": [{"label": "one", "model": {"name": "photoreal", "sha256": HASH}, "additions": {}}],
        },
    ),
    "jobs, of which one runs": {
        "type": "jobs",
        "request": 3,
        "jobs": [
            {
                "job": JOB,
                "operation": "upscale",
                "state": "running",
                "position": None,
                "created": 1795500000.25,
                "seq": 5,
                "fraction": 0.25,
                "seconds_left": 90.5,
            },
        ],
    },
    "jobs, of which one expired": {
        "type": "jobs",
        "request": 3,
        "jobs": [],
        "expired": [{"job": JOB, "operation": "upscale", "created": 1764000000.5}],
    },
    "failed, and what is finished of a new image is kept": event(
        "failed", 14, error=ERROR, outcomes=[OUTCOME, {**OUTCOME, "status": "failed"}], recipe={"foveate": "0.1.0"}
    ),
    "failed": event("failed", 14, error=ERROR, outcomes=[{**OUTCOME, "status": "failed"}]),
    "cancelled": event("cancelled", 15),
}
