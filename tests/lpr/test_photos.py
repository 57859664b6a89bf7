"""Photos are proven by content, freed of metadata, cut and named."""

import io
import struct
import zlib
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from lpr import photos

PLATE, VEHICLE = (48, 16), (160, 120)


def picture(width=320, height=240, *, mode="RGB", left=(200, 30, 30)):
    """A picture whose left half has one color and whose right half is gray, so that turning it shows."""
    image = Image.new("RGB", (width, height), (90, 90, 90))
    image.paste(left, (0, 0, width // 2, height))
    return image.convert(mode)


def saved(image, form="JPEG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def check(content, minimum=VEHICLE):
    return photos.check(content, kind="vehicle", minimum=minimum)


def reopened(photo):
    return Image.open(io.BytesIO(photo.jpeg))


def test_a_clean_jpeg_is_stored_as_it_is():
    content = saved(picture())
    photo = check(content)
    assert (photo.jpeg, photo.width, photo.height, photo.kind, photo.cut) == (content, 320, 240, "vehicle", False)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpeg_and_png_become_jpeg(form, mode):
    assert reopened(check(saved(picture(mode=mode), form))).format == "JPEG"


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"comment": b"note"}, {"icc_profile": b"x" * 300}, {"dpi": (72, 72)}]
)
def test_unusual_jpegs_load_without_their_extras(options):
    photo = check(saved(picture(), **options))
    assert not {"comment", "icc_profile", "exif"} & set(reopened(photo).info)


@pytest.mark.parametrize("mode", ["CMYK", "RGBA", "P", "LA", "1", "I;16"])
def test_every_mode_of_color_ends_as_rgb_or_gray(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    source = Image.new("I;16", (320, 240)) if mode == "I;16" else picture(mode="RGB").convert(mode)
    assert reopened(check(saved(source, form))).mode in {"RGB", "L"}


def test_colors_hidden_under_transparent_pixels_stay_hidden():
    clear = Image.new("RGBA", (320, 240), (255, 0, 0, 0))
    assert reopened(check(saved(clear, "PNG"))).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.req("RES-1")
def test_exif_with_the_place_of_a_phone_is_gone():
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8825)[2] = (40.0, 43.0, 1.0)
    photo = check(saved(picture(), exif=exif))
    assert b"SECRETMAKER" not in photo.jpeg
    assert b"Exif" not in photo.jpeg


def test_a_picture_that_exif_turns_is_turned_before_exif_goes():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn right
    photo = check(saved(picture(), exif=exif), minimum=(1, 1))
    assert (photo.width, photo.height) == (240, 320)
    assert reopened(photo).getpixel((120, 20))[0] > 180
    assert reopened(photo).getexif() == {}


@pytest.mark.filterwarnings("default::UserWarning")  # Pillow tells of it
def test_broken_exif_does_not_lose_the_photo():
    broken = b"Exif\0\0II*\0\xff\xff\xff\xff\x12\x01\x03\x00"
    assert check(saved(picture(), exif=broken)).width == 320


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_is_hidden_behind_the_picture_is_dropped(form):
    photo = check(saved(picture(), form) + b"PK\x03\x04<script>alert(1)</script>")
    assert b"<script>" not in photo.jpeg


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_text_inside_the_metadata_is_dropped(form):
    extra = PngImagePlugin.PngInfo()
    extra.add_text("Comment", "<script>")
    options = {"pnginfo": extra} if form == "PNG" else {"comment": b"<script>"}
    assert b"<script>" not in check(saved(picture(), form, **options)).jpeg


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a JPEG nor a PNG"),
        (saved(picture(), "GIF"), "neither a JPEG nor a PNG"),
        (saved(picture(), "WEBP"), "neither a JPEG nor a PNG"),
        (b"GIF89a" + saved(picture()), "neither a JPEG nor a PNG"),
        (b"\xff\xd8\xff\xe0 not really a picture", "damaged"),
        (saved(picture(), "PNG", save_all=True, append_images=[picture(left=(0, 0, 9))]), "animated"),
        (saved(picture(159, 120)), "159 by 120 pixels; at least 160 by 120"),
        (saved(picture(160, 119), "PNG"), "160 by 119 pixels"),
        (b"\xff\xd8\xff" + b"\xff\xda" * 101, "too many layers"),
    ],
)
def test_what_is_no_adequate_still_picture_is_refused(content, reason):
    with pytest.raises(photos.PhotoNotUsable, match=reason):
        check(content)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_photo_cut_off_on_its_way_is_refused(form, share):
    content = saved(Image.effect_noise((320, 240), 60), form)
    with pytest.raises(photos.PhotoNotUsable, match="damaged"):
        check(content[: int(len(content) * share)])


def test_a_file_over_the_size_limit_is_refused_before_it_is_opened():
    with pytest.raises(photos.PhotoNotUsable, match="larger than 20 MB"):
        check(saved(picture()) + bytes(photos.MOST_BYTES))


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (5_001, 5_000)])
def test_a_flood_of_pixels_is_refused_before_it_is_decoded(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(99))), chunk(b"IEND", b"")
    flood = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    with pytest.raises(photos.PhotoNotUsable, match="more than 25 megapixels"):
        check(flood)


@pytest.mark.req("RES-1")
def test_the_plate_photo_is_cut_with_a_margin_and_marked():
    vehicle = check(saved(picture(640, 480)))
    plate = photos.cut_plate(vehicle, (100, 200, 200, 240))
    assert (plate.kind, plate.cut, plate.width, plate.height) == ("plate", True, 130, 52)
    assert photos.cut_plate(vehicle.jpeg, [100, 200, 200, 240]) == plate


def test_the_margin_ends_at_the_edge_of_the_picture():
    plate = photos.cut_plate(saved(picture(640, 480)), (-10, 440, 100, 480))
    assert (plate.width, plate.height) == (115, 46)


@pytest.mark.parametrize(
    "box",
    [
        (),
        (1, 2, 3),
        (9, 9, 9, 50),
        (50, 9, 9, 50),
        (700, 9, 800, 50),
        (1, 2, float("nan"), 9),
        ("1", 2, 3, 4),
        (0, 0, True, 9),
    ],
)
def test_a_box_that_is_no_area_of_the_picture_is_refused(box):
    with pytest.raises(photos.PhotoNotUsable, match="box"):
        photos.cut_plate(saved(picture(640, 480)), box)


def test_the_name_of_a_photo_comes_from_the_record_id_alone():
    record_id = UUID("0b5a1c3e-1111-5222-8333-444455556666")
    assert photos.name(record_id, "plate") == "reads/0b/5a/0b5a1c3e-1111-5222-8333-444455556666-plate.jpg"
    assert photos.name(record_id, "vehicle").endswith("-vehicle.jpg")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_loaded_whole_or_refused_and_nothing_else(data):
    form = data.draw(st.sampled_from(["JPEG", "PNG"]))
    content = bytearray(saved(picture(), form, **({"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"} if form == "JPEG" else {})))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(3, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = check(bytes(content), minimum=(1, 1))
    except photos.PhotoNotUsable:
        return
    assert reopened(photo).size == (photo.width, photo.height)
