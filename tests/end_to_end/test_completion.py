"""An editor knows what follows `self.cart.`: pyright sees a contract's types."""

import json
import subprocess
import sys
from pathlib import Path

API = """
from typing import Annotated

from hanse import PUBLIC, Contract, Range, Struct, rpc


class Line(Struct, frozen=True):
    sku: str
    quantity: int


class Cart(Contract):
    @rpc("POST /cart/v1/lines", allow=PUBLIC)
    async def add(self, sku: str, quantity: Annotated[int, Range(1, 99)] = 1) -> Line: ...
"""
SHOP = """
from api import Cart
from hanse import PUBLIC, Service, rpc


class Shop(Service):
    def __init__(self, cart: Cart) -> None:
        self.cart = cart

    @rpc("POST /shop/v1/orders", allow=PUBLIC)
    async def order(self, sku: str) -> int:
        reveal_type(self.cart.add)
        line = await self.cart.add(sku, quantity=2)
        reveal_type(line.quantity)
        await self.cart.add(42)
        await self.cart.ad("apple")
        return line.sku
"""


def test_calls_between_services_are_checked_and_completed(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text(API)
    (tmp_path / "shop.py").write_text(SHOP)
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": ["."]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))

    ran = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    found = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["severity"]): each[
            "message"
        ]
        for each in json.loads(ran.stdout)["generalDiagnostics"]
    }
    lines = SHOP.splitlines()
    words = ("(self.cart.add)", "line.quantity", "42", ".ad(", "return line.sku")
    at = {word: next(n for n, line in enumerate(lines, 1) if word in line) for word in words}
    assert set(found) == {
        ("shop.py", at["(self.cart.add)"], "information"),
        ("shop.py", at["line.quantity"], "information"),
        ("shop.py", at["42"], "error"),
        ("shop.py", at[".ad("], "error"),
        ("shop.py", at["return line.sku"], "error"),
    }
    revealed = found["shop.py", at["(self.cart.add)"], "information"]
    assert "(sku: str, quantity: " in revealed
    assert "[Any, Any, Line]" in revealed
    assert '"int"' in found["shop.py", at["line.quantity"], "information"]
    assert '"Literal[42]" is not assignable to "str"' in found["shop.py", at["42"], "error"]
    assert 'attribute "ad"' in found["shop.py", at[".ad("], "error"]
