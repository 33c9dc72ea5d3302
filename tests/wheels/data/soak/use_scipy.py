"""Integrals, roots, a sparse system, a fit and a distribution."""
import numpy
from scipy import integrate, optimize, signal, sparse, stats
from scipy.sparse import linalg

assert abs(integrate.quad(numpy.sin, 0, numpy.pi)[0] - 2) < 1e-9
assert abs(optimize.brentq(lambda x: x * x - 2, 0, 2) - 2 ** 0.5) < 1e-9
found = optimize.minimize(lambda p: (p[0] - 1) ** 2 + p[1] ** 2, [5, 5])
assert numpy.allclose(found.x, [1, 0], atol=1e-4)
a = sparse.diags_array([[-1.0] * 99, [2.0] * 100, [-1.0] * 99],
                       offsets=[-1, 0, 1], format="csc")
assert numpy.allclose(a @ linalg.spsolve(a, numpy.ones(100)), 1)
assert abs(stats.norm.cdf(1.96) - 0.975) < 1e-4
low = signal.sosfilt(signal.butter(4, 0.1, output="sos"), numpy.ones(500))
assert abs(low[-1] - 1) < 1e-3
