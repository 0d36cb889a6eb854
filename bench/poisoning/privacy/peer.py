"""Epsilon of training runs by dp-accounting: lines of "sigma rate steps delta" in, "rdp pld seconds" out."""

import sys
import time

import dp_accounting
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

for line in sys.stdin:
    sigma, rate, steps, delta = (float(part) for part in line.split())
    step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(sigma))
    run = dp_accounting.SelfComposedDpEvent(step, int(steps))
    rdp = RdpAccountant().compose(run).get_epsilon(delta)
    start = time.perf_counter()
    pld = PLDAccountant(value_discretization_interval=1e-4).compose(run).get_epsilon(delta)
    print(rdp, pld, time.perf_counter() - start, flush=True)
