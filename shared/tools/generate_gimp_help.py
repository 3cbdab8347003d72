"""Write the page that Help opens in GIMP from docs/gimp.md: python shared/tools/generate_gimp_help.py.

A test fails where the two differ. The page stands alone: without pictures, and without links to pages beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs" / "gimp.md"
TARGET = ROOT / "plugins" / "gimp" / "foveate" / "help" / "en" / "index.html"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Foveate in GIMP</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #8888; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }}
pre {{ overflow-x: auto; padding: 0.6em; background: #8882; }}
code {{ background: #8882; }}
</style>
</head>
<body>
{body}</body>
</html>
"""
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
_HEADING = re.compile(r"<h([23])>(.*?)</h\1>")


def text() -> str:
    """Return the text of the page."""
    markdown = _LINK.sub(r"\1", _PICTURE.sub("", SOURCE.read_text(encoding="utf-8")))
    body = MarkdownIt("commonmark").enable("table").render(markdown)
    return _PAGE.format(body=_HEADING.sub(_with_anchor, body))


def _with_anchor(heading: re.Match[str]) -> str:
    anchor = re.sub(r"[^a-z0-9]+", "-", heading[2].lower()).strip("-")
    return f'<h{heading[1]} id="{anchor}">{heading[2]}</h{heading[1]}>'


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
