"""`patch`: another Hanse for all services of a fleet, group by group, under load."""

from drills.drill import Drill
from drills.patch.chart import chart
from drills.patch.page import page
from drills.patch.report import report
from drills.patch.run import Size, run

PATCH = Drill(Size(), run, report, page, chart)
