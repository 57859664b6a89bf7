"""What page and API do with the forms of an upload; what is refused is recorded, and said in the form (ALR-2, ALR-9)."""

from datetime import datetime
from uuid import UUID

from accounts import spreadsheets
from accounts.models import User
from alerts import uploads
from alerts.forms import ColumnsForm, UploadForm


def begun(form: UploadForm) -> UUID | None:
    """The id of the draft that a form's file became; None, recorded and said in the form, when it was refused."""
    file = form.files.get("file")
    # One byte more than is read, so that the reader sees the excess.
    data = file.read(spreadsheets.MOST_BYTES + 1) if file else b""
    if form.is_valid():
        try:
            return uploads.begin(owner=form.user, data=data, **form.upload(), now=form.now)
        except spreadsheets.FileNotReadable as refusal:
            form.add_error("file", str(refusal))
        except uploads.UploadRefused as refusal:
            form.refused(refusal)
    uploads.refuse(data=data, errors=form.mistakes())
    return None


def named(form: ColumnsForm, *, draft: UUID, by: User, now: datetime) -> bool:
    """Whether the columns that a form names were taken; if not, it is recorded and said in the form."""
    if form.is_valid():
        try:
            uploads.name_columns(draft=draft, columns=form.columns(), by=by, now=now)
            return True
        except uploads.ColumnsNotNamed as refusal:
            form.refused(refusal)
    uploads.refuse(data=b"", errors=form.mistakes())
    return False
