"""A picture, drawn, scaled, written in each format and read again."""
import io

from PIL import Image, ImageDraw, ImageFilter, ImageFont

picture = Image.new("RGB", (320, 200), "white")
draw = ImageDraw.Draw(picture)
draw.ellipse((60, 20, 260, 180), fill=(232, 185, 35))
draw.text((10, 10), "greencorn", fill="black", font=ImageFont.load_default(20))
picture = picture.filter(ImageFilter.GaussianBlur(1)).resize((160, 100))
for name in ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF", "JPEG2000"):
    file = io.BytesIO()
    picture.save(file, name)
    again = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
    red, green, blue = again.getpixel((80, 50))
    assert again.size == (160, 100), name
    assert abs(red - 232) < 12 and abs(green - 185) < 12, (name, red, green)
