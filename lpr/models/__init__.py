from lpr.models.delivery import QuarantinedRecord, Receipt
from lpr.models.policy import Offense, ReasonCode, TimeframeLimit
from lpr.models.report import ReportFooter
from lpr.models.source import Jurisdiction, Source, SourceAuthority, SourceKey, SourceKind
from lpr.models.street import Street, StreetDataset

__all__ = ["Jurisdiction", "Offense", "QuarantinedRecord", "ReasonCode", "Receipt", "ReportFooter", "Source", "SourceAuthority",
           "SourceKey", "SourceKind", "Street", "StreetDataset", "TimeframeLimit"]
