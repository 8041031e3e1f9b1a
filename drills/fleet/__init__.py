"""`fleet`: thousands of services in tens of hosts, under load."""

from drills.drill import Drill
from drills.fleet.chart import chart
from drills.fleet.page import page
from drills.fleet.report import report
from drills.fleet.run import Size, run

FLEET = Drill(Size(), run, report, page, chart)
