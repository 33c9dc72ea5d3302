"""Escaping, by the C part."""
import markupsafe
from markupsafe import _speedups

assert markupsafe._escape_inner is _speedups._escape_inner
assert markupsafe.escape("<ä&'\">") == "&lt;ä&amp;&#39;&#34;&gt;"
assert markupsafe.Markup("<b>%s</b>") % "<" == "<b>&lt;</b>"
