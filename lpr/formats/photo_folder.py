"""The folder of photos that comes with a bulk file: `load_reads --photos DIR`."""

from pathlib import Path

from lpr import photos
from lpr.formats.native_read import RecordNotReadable


class PhotoFolder:
    """Reads photos by the names in a file, and nothing outside its folder, whatever a name says."""

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()

    def read(self, name: str, field: str) -> bytes:
        """The content of a photo.

        Raises:
            RecordNotReadable: the name leads out of the folder, or to no regular file, or to a file that is too large.
        """
        try:
            path = (self._root / name).resolve()
            inside = path.is_relative_to(self._root)
            if inside and path.is_file():
                with path.open("rb") as file:
                    return file.read(photos.MOST_BYTES + 1)  # one more than allowed, so that the check sees the excess
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
            raise RecordNotReadable(f"{field}: the photo file cannot be read.") from error
        if not inside:
            raise RecordNotReadable(f"{field}: the file name leads out of the photo folder.")
        raise RecordNotReadable(f"{field}: the photo file is not in the photo folder.")
