"""YAML by libyaml, there and back."""
import yaml

assert yaml.__with_libyaml__
data = {"cobs": [{"grains": n, "name": "käse"} for n in range(100)]}
text = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True)
assert yaml.load(text, Loader=yaml.CSafeLoader) == data
try:
    yaml.load("a: [", Loader=yaml.CSafeLoader)
except yaml.YAMLError:
    pass
else:
    raise AssertionError("broken YAML was taken")
