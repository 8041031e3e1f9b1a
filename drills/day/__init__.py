"""`day`: many deployments under checked load, some of them faulty."""

from drills.day.chart import chart
from drills.day.operators import Size
from drills.day.page import page
from drills.day.report import report
from drills.day.run import run
from drills.drill import Drill

DAY = Drill(Size(), run, report, page, chart)
