from datetime import datetime


def install(*, now: datetime) -> None: ...
