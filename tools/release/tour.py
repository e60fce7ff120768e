"""The README's tour, and a client's program, where only the wheel is installed."""

import json
import re

from readmodel_cfn import __version__
from release.build import ROOT
from release.commands import Failed
from release.place import Place

_DOCUMENT = '{"name":"a chair"}'


def first_steps(place: Place) -> None:
    """All that needs no AWS: the description, the template, its checks, the library."""
    (place.folder / "readmodel.toml").write_text(_readme("toml"))
    _expect(place.program("--version").split()[-1], __version__)
    _expect("ProductsResource" in place.program("template"), True)
    place.program("lint")
    place.program("audit")
    article = (ROOT / "templates" / "article.json").read_text()
    _expect(place.python("-m", "readmodel_cfn", "template", "--article"), article)
    place.python("-c", _readme("python"))
    place.python(str(ROOT / "tests" / "client" / "client.py"))


def whole_tour(place: Place) -> None:
    """Deploy, publish, read back, delete, on the embedded AWS; then nothing runs any more."""
    (place.folder / "42.json").write_text(_DOCUMENT)
    place.program("deploy", "--sandbox", "--yes")
    place.program("publish", "42.json", "--key", "products/42.json", "--sandbox")
    _expect(json.loads(place.program("read", "products/42", "--sandbox")), json.loads(_DOCUMENT))
    place.program("delete", "--sandbox", "--with-data", "--yes")
    place.program("sandbox", "stop")
    _expect((place.home / "sandbox.json").exists(), False)


def _readme(language: str) -> str:
    """The README's first block of code in a language."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return str(re.findall(rf"^```{language}\b.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0])


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise Failed(f"expected {wanted!r}\nbut got {found!r}")
