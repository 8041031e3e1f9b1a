"""What is taken out of the code, one at a time, and which test has to notice.

A file an area. A text that is no longer there fails, so the table keeps up with the source. The
first rows of each area run every time: what would hurt most stands there, if its test is quick.
"""

from tests.faults.sabotages.backup import BACKUP
from tests.faults.sabotages.beside import BESIDE
from tests.faults.sabotages.boutique import BOUTIQUE
from tests.faults.sabotages.broker import BROKER
from tests.faults.sabotages.call import CALL
from tests.faults.sabotages.catalog import CATALOG
from tests.faults.sabotages.collection import COLLECTION
from tests.faults.sabotages.connect import CONNECT
from tests.faults.sabotages.contract import CONTRACT
from tests.faults.sabotages.data import DATA
from tests.faults.sabotages.database import DATABASE
from tests.faults.sabotages.deployments import DEPLOYING, SHARING
from tests.faults.sabotages.directory import DIRECTORY
from tests.faults.sabotages.door import DOOR
from tests.faults.sabotages.events import EVENTS
from tests.faults.sabotages.fault_points import FAULT_POINTS
from tests.faults.sabotages.figures import FIGURES
from tests.faults.sabotages.files import FILES
from tests.faults.sabotages.flags import FLAGS
from tests.faults.sabotages.fleet import FLEET
from tests.faults.sabotages.hiring import HIRING, IMPORTS
from tests.faults.sabotages.http import HTTP
from tests.faults.sabotages.identity import IDENTITY
from tests.faults.sabotages.judge import THE_JUDGE
from tests.faults.sabotages.kills import KILLS
from tests.faults.sabotages.leases import LEASES
from tests.faults.sabotages.mail import MAIL
from tests.faults.sabotages.meanwhile import MEANWHILE
from tests.faults.sabotages.mutual import MUTUAL
from tests.faults.sabotages.once import IDEMPOTENCY
from tests.faults.sabotages.pages import PAGES
from tests.faults.sabotages.people import PERSONS
from tests.faults.sabotages.placement import PLACEMENT
from tests.faults.sabotages.region_brokers import REGION_BROKERS
from tests.faults.sabotages.regions import REGIONS
from tests.faults.sabotages.relay import RELAY
from tests.faults.sabotages.releases import RELEASES
from tests.faults.sabotages.rows import ROWS
from tests.faults.sabotages.sealing import PERSONAL
from tests.faults.sabotages.subscriptions import SUBSCRIPTIONS
from tests.faults.sabotages.webhooks import WEBHOOKS
from tests.faults.sabotages.workflows import WORKFLOWS

AREAS = (
    HTTP,
    DOOR,
    CONNECT,
    CALL,
    CONTRACT,
    IDENTITY,
    PAGES,
    PLACEMENT,
    MUTUAL,
    DATA,
    DATABASE,
    FLEET,
    SHARING,
    DEPLOYING,
    RELEASES,
    BOUTIQUE,
    IDEMPOTENCY,
    COLLECTION,
    ROWS,
    PERSONAL,
    PERSONS,
    FILES,
    HIRING,
    IMPORTS,
    FAULT_POINTS,
    BACKUP,
    KILLS,
    LEASES,
    BROKER,
    REGION_BROKERS,
    REGIONS,
    DIRECTORY,
    EVENTS,
    RELAY,
    SUBSCRIPTIONS,
    WORKFLOWS,
    MEANWHILE,
    WEBHOOKS,
    BESIDE,
    MAIL,
    CATALOG,
    THE_JUDGE,
    FLAGS,
    FIGURES,
)
