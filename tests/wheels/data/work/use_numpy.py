"""Linear algebra in several threads of BLAS, FFT, random numbers."""
import numpy

rng = numpy.random.default_rng(7)
a = rng.standard_normal((600, 600))
b = rng.standard_normal(600)
x = numpy.linalg.solve(a, b)
assert numpy.allclose(a @ x, b)
u, s, v = numpy.linalg.svd(a[:100, :100])
assert numpy.allclose(u * s @ v, a[:100, :100])
wave = numpy.sin(numpy.arange(1024) * 2 * numpy.pi * 32 / 1024)
assert numpy.abs(numpy.fft.rfft(wave)).argmax() == 32
assert numpy.sort(rng.integers(0, 9, 10**6))[0] == 0
assert numpy.longdouble("1e400") > 0 and numpy.isnan(numpy.float16("nan"))
try:
    numpy.linalg.inv(numpy.zeros((3, 3)))
except numpy.linalg.LinAlgError:
    pass
else:
    raise AssertionError("a singular matrix was inverted")
