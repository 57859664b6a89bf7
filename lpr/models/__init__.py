from lpr.models.coverage import CoverageCount, CoverageState
from lpr.models.delivery import QuarantinedRecord, Receipt, SetAsideStatus
from lpr.models.error_report import CorrectionNotice, ErrorKind, ErrorReport, ReportStatus
from lpr.models.policy import Offense, ReasonCode, TimeframeLimit
from lpr.models.report import ReportFooter
from lpr.models.shared_query import SharedQuery
from lpr.models.silence import SilenceAlarm
from lpr.models.source import EndedAuthority, Jurisdiction, Source, SourceAuthority, SourceKey, SourceKind, WhenOver
from lpr.models.street import Street, StreetDataset

__all__ = ["CorrectionNotice", "CoverageCount", "CoverageState", "EndedAuthority", "ErrorKind", "ErrorReport", "Jurisdiction",
           "Offense", "QuarantinedRecord", "ReasonCode", "Receipt", "ReportFooter", "ReportStatus", "SetAsideStatus",
           "SharedQuery", "SilenceAlarm", "Source", "SourceAuthority", "SourceKey", "SourceKind", "Street", "StreetDataset",
           "TimeframeLimit", "WhenOver"]
