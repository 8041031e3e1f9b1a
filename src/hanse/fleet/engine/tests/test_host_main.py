"""A host of a fleet serves what its order says, where it says, and explains itself when it cannot."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

import hanse
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.host_order import HostOrder, Interpreter, host_program
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateFolder
from hanse.kit.backoff import Backoff
from hanse.kit.clock import unix_seconds
from hanse.kit.environment import variables
from hanse.runtime.credentials.development import DevelopmentIssuer

PROJECT = """
[project]
name = "shop"
services = ["shop.stock:Stock", "shop.till:Till"]
[host]
port = 8000

[settings.till]
times = 2
"""

STOCK = """
from hanse import PUBLIC, Service, rpc, permission
class Stock(Service):
    '''Counts.'''
    @rpc("GET /stock/v1/things", allow=PUBLIC, idempotent=True)
    async def count(self) -> int:
        '''How many.'''
        return 7
    @rpc("GET /stock/v1/secrets", allow=permission("stock.secrets.read"), idempotent=True)
    async def secrets(self) -> int:
        '''How many are hidden.'''
        return 1
"""

TILL = """
from hanse import PUBLIC, Service, Settings, rpc
from shop.stock import Stock
class TillSettings(Settings):
    '''How many times.'''
    times: int
class Till(Service):
    '''Sums.'''
    def __init__(self, stock: Stock, settings: TillSettings) -> None:
        self._stock, self._times = stock, settings.times
    @rpc("GET /till/v1/sums", allow=PUBLIC, idempotent=True)
    async def sum(self) -> int:
        '''Twice the stock.'''
        return self._times * await self._stock.count()
"""


MAILING = """
from hanse import PUBLIC, Service, rpc
from hanse.mail import Letter, Mail, letter
@letter("receipt")
class Receipt(Letter):
    '''Thanks.'''
class Stock(Service):
    '''Writes letters.'''
    def __init__(self, receipts: Mail[Receipt]) -> None:
        self._receipts = receipts
    @rpc("GET /stock/v1/things", allow=PUBLIC, idempotent=True)
    async def count(self) -> int:
        '''How many.'''
        return 7
"""


@pytest.fixture
def project(state: StateFolder) -> StateFolder:
    Path("hanse.toml").write_text(PROJECT)
    Path("shop").mkdir()
    Path("shop/__init__.py").write_text('"""A shop."""\n')
    write("shop/stock.py", STOCK)
    Path("shop/till.py").write_text(TILL)
    addresses = {
        "stock.v1.Stock": ["unix:.hanse/up/hosts/stock-1.sock"],
        "till.v1.Till": ["unix:.hanse/up/hosts/till-1.sock"],
    }
    state.directory.write_text(json.dumps({"revision": 1, "services": addresses}))
    return state


def order(name: str, *services: str, **more) -> HostOrder:
    group = name.rpartition("-")[0]
    return HostOrder(name=name, group=group, services=services, code=".", **more)


def program_of(wanted: HostOrder, state: StateFolder) -> Program:
    """Runs it as the tests run: by their Python, with the Hanse that they import."""
    runtime = str(Path(hanse.__file__).parent.parent)
    return host_program(wanted, Interpreter(sys.executable, runtime), state, variables())


def listens_by_tcp(pid: int) -> bool:
    return any(
        one.status == psutil.CONN_LISTEN for one in psutil.Process(pid).net_connections("tcp")
    )


def write(path: str, text: str = "") -> None:
    Path(path).write_text(text)


async def get(socket: Path, path: str, head: str = "") -> tuple[int, str]:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{head}\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    if not answer:
        raise ConnectionResetError
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


def supervise(wanted: HostOrder, state: StateFolder) -> Supervision:
    async def ready() -> bool:
        return (await get(state.gate(wanted.name), "/health/ready"))[0] == 200

    program = program_of(wanted, state)
    return Supervision(program, state, Care(probe=ready, backoff=Backoff(first=0.05)))


def show_logs() -> None:
    for log in Path(".hanse/up/logs").iterdir():
        print(log.name, log.read_text())


async def within(work, seconds: float = 30.0):
    try:
        return await asyncio.wait_for(work, seconds)
    finally:
        show_logs()


async def test_each_host_serves_its_own_services_and_calls_the_others(project: StateFolder):
    stock = supervise(order("stock-1", "shop.stock:Stock"), project)
    till = supervise(order("till-1", "shop.till:Till"), project)
    stock.start()
    till.start()
    await within(stock.until("ready"))
    await within(till.until("ready"))
    assert await get(project.gate("till-1"), "/till/v1/sums") == (200, "14")
    assert (await get(project.gate("till-1"), "/stock/v1/things"))[0] == 404
    for socket in (project.gate("till-1"), project.socket("till-1")):
        assert socket.stat().st_mode & 0o777 == 0o600
    assert (await get(project.gate("till-1"), "/metrics"))[0] == 404
    assert "hanse_directory_revision 1" in (await get(project.socket("till-1"), "/metrics"))[1]
    assert '"directory":1,' in (await get(project.socket("till-1"), "/totals"))[1]
    await within(stock.stop())
    await within(till.stop())
    assert (stock.exit_code, till.exit_code) == (0, 0)


async def test_the_host_keeps_no_other_door(project: StateFolder):
    host = supervise(order("stock-1", "shop.stock:Stock"), project)
    host.start()
    await within(host.until("ready"))
    assert not listens_by_tcp(host.pid)
    assert os.getpriority(os.PRIO_PROCESS, host.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    await within(host.stop())


async def test_a_development_token_counts_only_where_the_order_says_so(project: StateFolder):
    issuer = DevelopmentIssuer(project.hanse, unix_seconds)
    token = issuer.mint("member", "ada", permissions=["stock.secrets.read"])
    head = f"authorization: Bearer {token}\r\n"
    for name, issuers, expected in (("stock-1", (issuer.issuer(),), 200), ("stock-2", (), 401)):
        host = supervise(order(name, "shop.stock:Stock", issuers=issuers), project)
        host.start()
        await within(host.until("ready"))
        assert (await get(project.gate(name), "/stock/v1/secrets", head))[0] == expected
        await within(host.stop())


async def test_wrong_code_is_explained_in_the_log_and_for_status_and_mended_code_comes_up(
    project: StateFolder,
):
    write("shop/stock.py", STOCK.replace("return 7", "return 7 +"))
    host = supervise(order("stock-1", "shop.stock:Stock"), project)
    host.start()
    await within(host.until("backing off"))
    assert host.exit_code == 1
    said = project.problems("stock-1").read_text()
    assert said.startswith("shop/stock.py:8: SyntaxError")
    assert "shop/stock.py:8: SyntaxError" in "".join(host.last_words)
    write("shop/stock.py", STOCK)
    host.retry()
    await within(host.until("ready"))
    assert not project.problems("stock-1").exists()
    await within(host.stop())


async def test_letters_are_kept_to_be_looked_at_by_no_host_whose_project_has_domains(
    project: StateFolder,
):
    write("shop/stock.py", MAILING)
    write("shop/receipt.txt", "Subject: Thank you\n\nYou have it.\n")
    write("hanse.toml", f'{PROJECT}[gateway.domains]\n"shop.example" = "acme"\n')
    host = supervise(order("stock-1", "shop.stock:Stock", inbox=True), project)
    host.start()
    await within(host.until("backing off"))
    assert "there are no [gateway.domains]" in project.problems("stock-1").read_text()
    await within(host.stop())


async def test_killed_it_comes_back_at_its_own_address(project: StateFolder):
    host = supervise(order("stock-1", "shop.stock:Stock"), project)
    host.start()
    for _ in range(3):
        await within(host.until("ready"))
        assert await get(project.gate("stock-1"), "/stock/v1/things") == (200, "7")
        os.kill(host.pid, signal.SIGKILL)
        await within(host.until("backing off"))
    await within(host.until("ready"))
    await within(host.stop())


async def test_another_order_is_another_host(project: StateFolder):
    first = program_of(order("stock-1", "shop.stock:Stock"), project)
    again = program_of(order("stock-1", "shop.stock:Stock"), project)
    other = program_of(order("stock-1", "shop.stock:Stock", environment="x"), project)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    process = Process.spawn(first, project)
    found = Process.adopt("stock-1", project)
    assert found is not None
    assert found.runs(again)
    assert not found.runs(other)
    process.kill()
    await process.ended()
    await found.ended()


async def test_a_service_that_waits_is_asked_to_end_and_finishes_what_it_has(project: StateFolder):
    write(
        "shop/stock.py",
        STOCK.replace(
            "return 7",
            "open('begun', 'w').close()\n        while not os.path.exists('go'): await asyncio.sleep(0.02)\n        return 7",
        ).replace("from hanse", "import asyncio, os\nfrom hanse", 1),
    )
    host = supervise(order("stock-1", "shop.stock:Stock"), project)
    host.start()
    await within(host.until("ready"))
    running = asyncio.create_task(get(project.gate("stock-1"), "/stock/v1/things"))
    await until(lambda: os.access("begun", os.F_OK))
    stopping = asyncio.create_task(host.stop())
    await until(lambda: "Draining" in project.log("stock-1").read_text())
    write("go")
    assert await within(running) == (200, "7")
    await within(stopping)
