"""The confirmation of an order for the peers: the boutique's own words and templates."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from pathlib import Path

import boutique_email
import msgspec
from boutique_email.letter import confirmation
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(boutique_email.__file__).parent / "letters"


class Letters:
    """Fills in both templates, the HTML escaped."""

    def __init__(self) -> None:
        environment = Environment(
            autoescape=lambda name: name is not None and name.endswith(".html"),
            loader=FileSystemLoader(FOLDER),
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
        )
        self._text = environment.get_template("confirmation.txt")
        self._html = environment.get_template("confirmation.html")

    def about(self, order) -> dict[str, str]:
        """Subject, text and HTML."""
        said = msgspec.structs.asdict(confirmation(order))
        head, _, text = self._text.render(said).partition("\n")
        subject = head.removeprefix("Subject: ")
        return {"subject": subject, "text": text, "html": self._html.render(said)}
