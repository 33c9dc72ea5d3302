"""XML and HTML parsed, searched, checked by a schema and transformed."""
from lxml import etree, html

field = etree.fromstring(
    b"<field><cob grains='300'/><cob grains='500'>\xc3\xa4</cob></field>")
assert field.xpath("sum(//cob/@grains)") == 800.0
style = etree.XSLT(etree.XML("""
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/">
<n><xsl:value-of select="count(//cob)"/></n>
</xsl:template>
</xsl:stylesheet>"""))
assert style(field).getroot().text == "2"
schema = etree.XMLSchema(etree.XML("""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="n" type="xs:int"/></xs:schema>"""))
assert schema.validate(etree.XML("<n>2</n>"))
assert not schema.validate(etree.XML("<n>two</n>"))
assert html.fromstring("<p>a<br>b<p>c").text_content() == "abc"
try:
    etree.fromstring("<a><b></a>")
except etree.XMLSyntaxError:
    pass
else:
    raise AssertionError("broken XML was taken")
