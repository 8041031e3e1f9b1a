"""`regions`: a region is drained, one is killed, the control plane dies, the brokers lose their majority."""

from drills.drill import Drill
from drills.regions.chart import chart
from drills.regions.page import page
from drills.regions.report import report
from drills.regions.run import Size, run

REGIONS = Drill(Size(), run, report, page, chart)
